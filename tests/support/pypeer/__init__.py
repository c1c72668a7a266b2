"""The parts of `../peer.py`: version 2 of the session protocol, written from lib/PROTOCOL.md alone."""

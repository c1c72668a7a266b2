"""TLS 1.3 around a carrier, over memory, so that the rest sees a socket (PROTOCOL.md, "Seal")."""

import hashlib
import socket
import ssl

from .wire import CarrierError


def client_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Nobody vouches for the certificate: the proofs do.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return _only_tele(context)


def server_context(path):
    """`path` is that of a certificate and its key, in PEM."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    context.num_tickets = 0
    return _only_tele(context)


def _only_tele(context):
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols(["tele/2"])
    return context


def leaf_of(path):
    with open(path, encoding="ascii") as file:
        pem = file.read()
    end = "-----END CERTIFICATE-----"
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN CERT"):pem.index(end)] + end)).digest()


class Sealed:
    """As much of a socket as the peer uses. What is sent waits for the other end, which always reads."""

    def __init__(self, sock, context, server_side=False):
        self.sock, self.incoming, self.outgoing = sock, ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=server_side)
        sock.settimeout(10)
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._flush()
                self._take()
            except ssl.SSLError as error:
                self._flush()
                raise CarrierError(str(error)) from error
        self._flush()
        if self.tls.selected_alpn_protocol() != "tele/2":
            raise CarrierError("no tele at the other end of TLS")
        if not server_side:
            self.leaf = hashlib.sha256(self.tls.getpeercert(True)).digest()

    def _take(self):
        data = self.sock.recv(65536)
        if data:
            self.incoming.write(data)
        else:
            raise ConnectionError("a cut: no close_notify")

    def _flush(self):
        data = self.outgoing.read()
        if data:
            before = self.sock.gettimeout()
            self.sock.settimeout(10)
            self.sock.sendall(data)
            self.sock.settimeout(before)

    def recv(self, count):
        while True:
            try:
                return self.tls.read(count)
            except ssl.SSLWantReadError:
                self._take()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    def pending(self):
        return self.tls.pending() + self.incoming.pending

    def send(self, data):
        count = self.tls.write(data)
        self._flush()
        return count

    def sendall(self, data):
        while data:
            data = data[self.send(data):]

    def shutdown(self, how):
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        self._flush()
        self.sock.shutdown(how)

    def __getattr__(self, name):
        return getattr(self.sock, name)

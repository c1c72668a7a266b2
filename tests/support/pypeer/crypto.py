"""Curves, hashes and what is derived from them (PROTOCOL.md, "Keys and proofs"). Slow, and not in constant time."""

import hashlib
import hmac
import struct

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)


def x25519(private, public):
    """RFC 7748, section 5: the Montgomery ladder."""
    scalar = bytearray(private)
    scalar[0] &= 248
    scalar[31] = scalar[31] & 127 | 64
    k = int.from_bytes(scalar, "little")
    u = int.from_bytes(public, "little") & (2**255 - 1)
    x2, z2, x3, z3, swap = 1, 0, u, 1, 0
    for bit in range(254, -1, -1):
        k_bit = k >> bit & 1
        if swap ^ k_bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = k_bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb = a * a % P, b * b % P
        e = aa - bb
        da, cb = d * a % P, c * b % P
        x3, z3 = (da + cb) ** 2 % P, u * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


X25519_BASE = (9).to_bytes(32, "little")


# Ed25519, RFC 8032, section 5.1: points are (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z.


def _add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = _add(result, point)
        point = _add(point, point)
        scalar >>= 1
    return result


def _recover_x(y, sign):
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_1 % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def _point(y, sign):
    x = _recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


_BASE = _point(4 * pow(5, P - 2, P) % P, 0)


def _compress(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _decompress(data):
    y = int.from_bytes(data, "little")
    return _point(y & ((1 << 255) - 1), y >> 255)


def _expand(private):
    digest = bytearray(hashlib.sha512(private).digest())
    digest[0] &= 248
    digest[31] = digest[31] & 127 | 64
    return int.from_bytes(digest[:32], "little"), bytes(digest[32:])


def _mod_hash(data):
    return int.from_bytes(hashlib.sha512(data).digest(), "little") % ORDER


def ed25519_public(private):
    return _compress(_times(_expand(private)[0], _BASE))


def ed25519_sign(private, message):
    scalar, prefix = _expand(private)
    public = _compress(_times(scalar, _BASE))
    r = _mod_hash(prefix + message)
    point = _compress(_times(r, _BASE))
    s = (r + _mod_hash(point + public + message) * scalar) % ORDER
    return point + s.to_bytes(32, "little")


def ed25519_holds(public, message, signature):
    key, point = _decompress(public), _decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or point is None or s >= ORDER:
        return False
    expected = _add(point, _times(_mod_hash(signature[:32] + public + message), key))
    return _compress(_times(s, _BASE)) == _compress(expected)


def label(text):
    return b"tele/2 " + text.encode() + b"\0"


def _hkdf(material, salt, info):
    """RFC 5869 for an output of one block."""
    key = hmac.digest(salt or bytes(32), material, "sha256")
    return hmac.digest(key, info + b"\x01", "sha256")


class Token(bytes):
    """A token, empty for none, and its name at the server, if it has one (PROTOCOL.md, "Names of tokens").

    `seals` says whether it seals; at a server `certificate` is the file with what it shows.
    """

    def __new__(cls, secret=b"", name=None, seals=False, certificate=None):
        token = super().__new__(cls, secret)
        token.name, token.seals, token.certificate = name, seals, certificate
        return token


def token_salt(token):
    return hashlib.sha256(label("token") + token).digest() if token else b""


def transcript_of(*messages):
    """Each message behind its length: where one ends is part of what is proven."""
    return b"".join(struct.pack(">I", len(message)) + message for message in messages)


class Keys:
    """What one handshake derives. `kind` is "new" or "join", as in the commit."""

    def __init__(self, private, public, secret, transcript):
        shared = x25519(private, public)
        if shared == bytes(32):
            raise ValueError("the peer's public key is of small order")
        digest = hashlib.sha256(transcript).digest()
        self._proof_key = _hkdf(shared, secret, label("proofs") + digest)
        self._new_secret = _hkdf(shared, secret, label("resume secret") + digest)
        self._secret = secret

    def proof(self, role, kind, transcript):
        return hmac.digest(self._proof_key, label(f"{role} {kind}") + transcript, "sha256")

    def join_secret(self):
        """Of a new session, whose secret was the token's salt."""
        return hashlib.sha256(self._new_secret + self._secret).digest()

    def holds(self, role, kind, transcript, proof):
        return hmac.compare_digest(self.proof(role, kind, transcript), proof)

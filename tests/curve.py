"""Ed25519 as RFC 8032 (5.1) writes it down: slow, plain, and sharing nothing with what signs."""

import hashlib

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)  # of minus one

Point = tuple[int, int]


def recover(y: int, sign: int) -> int:
    """X of the point with that y; raises ``ValueError`` if there is none."""
    if y >= P:
        raise ValueError("not a number of the field")
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        raise ValueError("no such point")
    return P - x if x % 2 != sign else x


BASE = (recover(4 * pow(5, P - 2, P) % P, 0), 4 * pow(5, P - 2, P) % P)


def add(a: Point, b: Point) -> Point:
    (x, y), (u, v) = a, b
    t = D * x * u * y * v % P
    return (
        (x * v + u * y) * pow(1 + t, P - 2, P) % P,
        (y * v + x * u) * pow(1 - t, P - 2, P) % P,
    )


def times(n: int, point: Point) -> Point:
    found = (0, 1)
    while n:
        if n % 2:
            found = add(found, point)
        point = add(point, point)
        n //= 2
    return found


def point(code: bytes) -> Point:
    number = int.from_bytes(code, "little")
    y = number % 2**255
    return recover(y, number >> 255), y


def code(point: Point) -> bytes:
    x, y = point
    return (y | (x % 2) << 255).to_bytes(32, "little")


def hashed(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def secret(seed: bytes) -> tuple[int, bytes]:
    found = hashlib.sha512(seed).digest()
    a = int.from_bytes(found[:32], "little")
    return a & ~7 & ~(1 << 255) | 1 << 254, found[32:]


def public_of(seed: bytes) -> bytes:
    return code(times(secret(seed)[0], BASE))


def sign(seed: bytes, message: bytes) -> bytes:
    a, prefix = secret(seed)
    r = hashed(prefix, message) % Q
    first = code(times(r, BASE))
    s = (r + hashed(first, public_of(seed), message) * a) % Q
    return first + s.to_bytes(32, "little")


def verifies(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        key, first = point(public), point(signature[:32])
    except ValueError:
        return False
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= Q:
        return False
    k = hashed(signature[:32], public, message)
    return times(s, BASE) == add(first, times(k, key))

"""Ed25519 as RFC 8032 (5.1) writes it down: slow, plain, and sharing nothing with what signs."""

import hashlib
from functools import cache

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)  # of minus one

Point = tuple[int, int]
Wide = tuple[int, int, int, int]


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


def add(a: Wide, b: Wide) -> Wide:
    """Sums of points as (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z (5.1.4)."""
    m = (a[1] - a[0]) * (b[1] - b[0]) % P
    n = (a[1] + a[0]) * (b[1] + b[0]) % P
    t, z = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = n - m, z - t, z + t, n + m
    return e * f % P, g * h % P, f * g % P, e * h % P


def wide(point: Point) -> Wide:
    x, y = point
    return x, y, 1, x * y % P


def flat(point: Wide) -> Point:
    inverse = pow(point[2], P - 2, P)
    return point[0] * inverse % P, point[1] * inverse % P


def times(n: int, point: Point) -> Point:
    found, power = (0, 1, 1, 0), wide(point)
    while n:
        if n % 2:
            found = add(found, power)
        power = add(power, power)
        n //= 2
    return flat(found)


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


@cache
def verifies(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        key, first = point(public), point(signature[:32])
    except ValueError:
        return False
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= Q:
        return False
    k = hashed(signature[:32], public, message)
    return times(s, BASE) == flat(add(wide(first), wide(times(k, key))))

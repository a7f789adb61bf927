#!/usr/bin/env python3
"""Reads an entry that `cargo run --example interop` has written, with redis-py and nothing of ours.

    python3 examples/interop/read.py [NAME]

The key is computed, not copied: an argument in a key is percent-encoded as `urllib.parse.quote(s, safe="")` does it.
Where the package `xxhash` is installed too, the checksum is checked; where `cryptography` is, the sealed entry is read that
`cargo run --example interop --features seal` has written as well.
"""

import hashlib
import json
import os
import struct
import sys
from urllib.parse import quote

import redis

try:
    import xxhash
except ImportError:
    xxhash = None

try:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
except ImportError:
    AESGCM = None

# What the keyring of the program has. A real key is 32 random bytes and a secret.
KEYRING = {"2026-11": bytes([7]) * 32}

JSON = 2
FOR_EVER = 2**64 - 1


def checksum(key: bytes, entry: bytes) -> int:
    """XXH3-64 of what is before the checksum, of what is behind it, and of the key, each rotated further to the left."""
    parts = (entry[:22], entry[30:], key)
    hashes = [xxhash.xxh3_64_intdigest(part) for part in parts]
    rotated = [(hash << by | hash >> 64 - by) % 2**64 for by, hash in enumerate(hashes)]
    return rotated[0] ^ rotated[1] ^ rotated[2]


def aes(key: bytes, blocks: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return encryptor.update(blocks) + encryptor.finalize()


def xaes_open(key: bytes, nonce: bytes, ciphertext: bytes, associated: bytes) -> bytes:
    """XAES-256-GCM: half of the nonce makes a key, by two blocks of CMAC, and the other half is the nonce of AES-256-GCM."""
    zeros = int.from_bytes(aes(key, bytes(16)), "big")
    mask = (zeros << 1) % 2**128 ^ 0x87 * (zeros >> 127)
    blocks = [int.from_bytes(bytes([0, number]) + b"X\0" + nonce[:12], "big") ^ mask for number in (1, 2)]
    subkey = aes(key, b"".join(block.to_bytes(16, "big") for block in blocks))
    return AESGCM(subkey).decrypt(nonce[12:], ciphertext, associated)


def unsealed(key: bytes, entry: bytes) -> bytes:
    """A sealed entry, of format version 3, as the entry of version 2 that it was.

    Behind the header stand 4 bytes of the key's id, 24 of the nonce, the payload encrypted, and 16 of the tag.
    """
    (header,) = struct.unpack_from("<H", entry, 20)
    text = header + 4 + 24
    key_id, nonce = entry[header : header + 4], entry[header + 4 : text]
    keys = {hashlib.sha256(name.encode()).digest()[:4]: secret for name, secret in KEYRING.items()}
    opened = xaes_open(keys[key_id], nonce, entry[text:], entry[:22] + entry[30:text] + key)
    plain = bytearray(entry[:header] + opened)
    plain[17] = 2
    plain[54:62] = struct.pack("<Q", len(opened))
    if xxhash:
        plain[22:30] = struct.pack("<Q", checksum(key, bytes(plain)))
    return bytes(plain)


def payload(key: bytes, entry: bytes) -> bytes:
    """The value behind an entry's header, whose layout (format version 2, little-endian) is

    | bytes  | what                                              |
    | ------ | ------------------------------------------------- |
    | 0      | `V`, a value; other letters mean there is none    |
    | 17     | format version                                    |
    | 18     | codec                                             |
    | 19     | compression, 0 for none                           |
    | 20..22 | length of the header, where the payload begins    |
    | 22..30 | checksum of the entry and its key                 |
    | 38..46 | milliseconds for which the value was to be fresh  |
    | 54..62 | length of the payload                             |
    """
    if entry[:1] != b"V":
        raise ValueError("there is no value: somebody is computing it, or has invalidated it")
    version, codec, compression, header = struct.unpack_from("<BBBH", entry, 17)
    (stored,) = struct.unpack_from("<Q", entry, 22)
    (fresh,) = struct.unpack_from("<Q", entry, 38)
    (length,) = struct.unpack_from("<Q", entry, 54)
    if (version, codec, compression) != (2, JSON, 0):
        raise ValueError(f"version {version}, codec {codec} or compression {compression} is not for this program")
    if len(entry) != header + length:
        raise ValueError("the entry is cut off")
    if xxhash and stored != checksum(key, entry):
        raise ValueError("the entry is damaged, or another key's")
    print("fresh ", "for ever" if fresh == FOR_EVER else f"for {fresh / 1000:g} s from when it was written")
    return entry[header:]


def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else "Zoë: 100% {x}/y"
    server = redis.Redis.from_url(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"))

    key = "profile:" + quote(name, safe="")
    read(server, key, name, lambda key, entry: entry)
    sealed = "sealed:" + key
    if AESGCM and server.exists(sealed):
        read(server, sealed, name, unsealed)


def read(server, key: str, name: str, opened) -> None:
    print("key   ", key)
    entry = server.get(key)
    if entry is None:
        sys.exit("There is no such key. Run first: cargo run --example interop")
    entry = opened(key.encode(), entry)
    print("left  ", f"{server.pttl(key) / 1000:.1f} s")
    value = json.loads(payload(key.encode(), entry))
    print("value ", json.dumps(value, ensure_ascii=False))
    if value["name"] != name:
        sys.exit("That is not the value of this key.")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Reads an entry that `cargo run --example interop` has written, with redis-py and nothing of ours.

    python3 examples/interop/read.py [NAME]

The key is computed, not copied: an argument in a key is percent-encoded as `urllib.parse.quote(s, safe="")` does it.
Where the package `xxhash` is installed too, the checksum is checked.
"""

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

JSON = 2
FOR_EVER = 2**64 - 1


def checksum(key: bytes, entry: bytes) -> int:
    """XXH3-64 of what is before the checksum, of what is behind it, and of the key, each rotated further to the left."""
    parts = (entry[:22], entry[30:], key)
    hashes = [xxhash.xxh3_64_intdigest(part) for part in parts]
    rotated = [(hash << by | hash >> 64 - by) % 2**64 for by, hash in enumerate(hashes)]
    return rotated[0] ^ rotated[1] ^ rotated[2]


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
    print("key   ", key)
    entry = server.get(key)
    if entry is None:
        sys.exit("There is no such key. Run first: cargo run --example interop")
    print("left  ", f"{server.pttl(key) / 1000:.1f} s")
    value = json.loads(payload(key.encode(), entry))
    print("value ", json.dumps(value, ensure_ascii=False))
    if value["name"] != name:
        sys.exit("That is not the value of this key.")


if __name__ == "__main__":
    main()

# notes.py: LDB from Python's ctypes. notes.py LIBRARY PATH
import ctypes
import sys
from ctypes import POINTER, byref, c_char_p, c_int32, c_size_t, c_uint32, c_uint64, c_void_p


class Range(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("bounds", c_uint32),
        ("lower", c_char_p),
        ("lower_bytes", c_size_t),
        ("upper", c_char_p),
        ("upper_bytes", c_size_t),
    ]


BOUND_PREFIX = 16
ldb = ctypes.CDLL(sys.argv[1])
# Without these types, ctypes passes handles and lengths as 32-bit integers.
ldb.ldb_open.argtypes = [c_char_p, c_void_p, POINTER(c_uint64)]
ldb.ldb_close.argtypes = [c_uint64]
ldb.ldb_put.argtypes = [c_uint64, c_char_p, c_size_t, c_char_p, c_size_t, c_void_p]
ldb.ldb_get_alloc.argtypes = [c_uint64, c_char_p, c_size_t, POINTER(c_void_p), POINTER(c_size_t)]
ldb.ldb_free.argtypes = [c_void_p]
ldb.ldb_iterator_open.argtypes = [c_uint64, POINTER(Range), POINTER(c_uint64)]
ldb.ldb_iterator_next.argtypes = [c_uint64]
ldb.ldb_iterator_entry.argtypes = [c_uint64] + [POINTER(c_void_p), POINTER(c_size_t)] * 2
ldb.ldb_last_error.restype = c_char_p
ldb.ldb_status_name.argtypes = [c_int32]
ldb.ldb_status_name.restype = c_char_p


def check(status):
    if status < 0:
        raise RuntimeError(f"{ldb.ldb_status_name(status).decode()}: {ldb.ldb_last_error().decode()}")
    return status


def put(db, key, value):
    check(ldb.ldb_put(db, key, len(key), value, len(value), None))


def get(db, key):
    value, length = c_void_p(), c_size_t()
    if check(ldb.ldb_get_alloc(db, key, len(key), byref(value), byref(length))) == 1:
        return None
    result = ctypes.string_at(value, length.value)
    ldb.ldb_free(value)
    return result


def entries(db, prefix):
    iterator = c_uint64()
    check(ldb.ldb_iterator_open(db, Range(ctypes.sizeof(Range), BOUND_PREFIX, prefix, len(prefix), None, 0), byref(iterator)))
    try:
        key, key_bytes, value, value_bytes = c_void_p(), c_size_t(), c_void_p(), c_size_t()
        while check(ldb.ldb_iterator_next(iterator)) == 0:
            check(ldb.ldb_iterator_entry(iterator, byref(key), byref(key_bytes), byref(value), byref(value_bytes)))
            yield ctypes.string_at(key, key_bytes.value), ctypes.string_at(value, value_bytes.value)
    finally:
        ldb.ldb_close(iterator)


db = c_uint64()
check(ldb.ldb_open(sys.argv[2].encode(), None, byref(db)))
for number, text in enumerate(["buy milk", "feed the cat", "sleep"]):
    put(db, b"note%d" % number, text.encode())
print(get(db, b"note1").decode(), get(db, b"note9"))
for key, value in entries(db, b"note"):
    print(key.decode(), value.decode())
check(ldb.ldb_close(db))
try:
    put(db, b"late", b"")
except RuntimeError as error:
    print(error)

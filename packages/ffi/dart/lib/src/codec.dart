import 'dart:convert';
import 'dart:typed_data';

/// How keys or values become bytes. The built-in ones are those of `@ldb/core`, so that other languages read the same entries.
abstract class LdbCodec<T> {
  const LdbCodec();

  /// The encoding that is stored with a new keyspace: `LDB_KEYS_` or `LDB_VALUES_`.
  int get encoding => 0;

  Uint8List encode(T value);

  /// The bytes belong to the result: they are not used again.
  T decode(Uint8List bytes);

  /// Bytes as they are.
  static const LdbCodec<Uint8List> bytes = _Bytes();

  /// UTF-8. As keys, in the order of code points.
  static const LdbCodec<String> string = _Utf8();

  /// JSON, for values.
  static const LdbCodec<Object?> json = _Json();

  /// Integers as eight bytes, in numeric order as keys.
  static const LdbCodec<int> integer = _Integer();
}

class _Bytes extends LdbCodec<Uint8List> {
  const _Bytes();
  @override
  Uint8List encode(Uint8List value) => value;
  @override
  Uint8List decode(Uint8List bytes) => bytes;
}

class _Utf8 extends LdbCodec<String> {
  const _Utf8();
  @override
  int get encoding => 1;
  @override
  Uint8List encode(String value) => utf8.encode(value);
  @override
  String decode(Uint8List bytes) => utf8.decode(bytes);
}

class _Json extends LdbCodec<Object?> {
  const _Json();
  @override
  int get encoding => 2;
  @override
  Uint8List encode(Object? value) => utf8.encode(jsonEncode(value));
  @override
  Object? decode(Uint8List bytes) => jsonDecode(utf8.decode(bytes));
}

class _Integer extends LdbCodec<int> {
  const _Integer();
  @override
  Uint8List encode(int value) {
    final bytes = ByteData(8)..setInt64(0, value);
    // Negative numbers come first.
    bytes.setUint8(0, bytes.getUint8(0) ^ 0x80);
    return bytes.buffer.asUint8List();
  }

  @override
  int decode(Uint8List bytes) {
    final copy = ByteData(8)..buffer.asUint8List().setAll(0, bytes);
    copy.setUint8(0, copy.getUint8(0) ^ 0x80);
    return copy.getInt64(0);
  }
}

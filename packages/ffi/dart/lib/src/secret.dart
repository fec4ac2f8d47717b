import 'dart:convert';
import 'dart:ffi';
import 'dart:typed_data';

import 'bindings.dart';
import 'ldb_exception.dart';
import 'native.dart';

/// Calls [use] with a key or a passphrase in memory of the C library, which is overwritten afterwards; with `nullptr` without either.
T withSecret<T>(Native native, Uint8List? key, String? passphrase, T Function(Pointer<LdbSecret>) use) {
  if (key == null && passphrase == null) return use(nullptr);
  final keyBytes = key?.length ?? 0;
  final text = passphrase == null ? Uint8List(0) : utf8.encode(passphrase);
  if (text.contains(0)) throw const LdbException(LdbCode.invalidArgument, 'the passphrase has a zero character');
  final total = keyBytes + text.length + 1;
  final secret = native.malloc(sizeOf<LdbSecret>() + total).cast<LdbSecret>();
  final start = secret.cast<Uint8>() + sizeOf<LdbSecret>();
  final bytes = start.asTypedList(total);
  bytes.fillRange(0, total, 0);
  if (key != null) bytes.setAll(0, key);
  bytes.setAll(keyBytes, text);
  secret.ref
    ..size = sizeOf<LdbSecret>()
    ..key = key == null ? nullptr : start.cast()
    ..key_bytes = keyBytes
    ..passphrase = passphrase == null ? nullptr : (start + keyBytes).cast();
  try {
    return use(secret);
  } finally {
    bytes.fillRange(0, total, 0);
    native.free(secret);
  }
}

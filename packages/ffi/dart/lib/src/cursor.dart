import 'dart:ffi';
import 'dart:typed_data';

import 'key_range.dart';
import 'keyspace.dart';
import 'native.dart';

/// A position in a range, which moves in both directions over the state at its opening. Close it: it keeps old pages.
///
/// In a reversed range every move is mirrored. A move returns false when there is no entry; then [moveNext] moves to the first entry, and
/// [movePrevious] to the last.
final class Cursor<K, V> {
  Cursor(this._keyspace, ByteRange range)
      : _handle = Native.instance
            .open((out) => Native.instance.functions.iteratorOpen(_keyspace.handle, Native.instance.range(range), out)) {
    Native.handles.attach(this, _handle, detach: this);
  }

  // The object, not its handle, which is closed when the object is collected.
  final Keyspace<K, V> _keyspace;
  final int _handle;
  bool _isClosed = false;
  MapEntry<K, V>? _current;

  Native get _native => Native.instance;

  /// The entry to which the last move led. Throws a `StateError` when it led to none.
  MapEntry<K, V> get current => _current ?? (throw StateError('the cursor is on no entry'));

  bool moveFirst() => _move(_native.functions.iteratorFirst(_handle));

  bool moveLast() => _move(_native.functions.iteratorLast(_handle));

  bool moveNext() => _move(_native.functions.iteratorNext(_handle));

  bool movePrevious() => _move(_native.functions.iteratorPrevious(_handle));

  /// Moves to the first entry at or after a key; in a reversed range at or before it.
  bool seek(K key) {
    final bytes = _keyspace.keyCodec.encode(key);
    return _move(_native.functions.iteratorSeek(_handle, _native.copyIn(bytes).$1, bytes.length));
  }

  /// Ends it. No effect after the first call.
  void close() {
    if (_isClosed) return;
    _isClosed = true;
    _current = null;
    Native.handles.detach(this);
    _native.check(_native.functions.close(_handle));
  }

  bool _move(int status) {
    _current = null;
    if (_native.check(status) == 1) return false;
    final key = _native.memory, value = _native.secondMemory;
    final keyBytes = _native.size, valueBytes = _native.secondSize;
    _native.check(_native.functions.iteratorEntry(_handle, key, keyBytes, value, valueBytes));
    _current = MapEntry(
      _keyspace.keyCodec.decode(_copy(key.value, keyBytes.value)),
      _keyspace.valueCodec.decode(_copy(value.value, valueBytes.value)),
    );
    return true;
  }

  static Uint8List _copy(Pointer<Void> bytes, int length) =>
      length == 0 ? Uint8List(0) : Uint8List.fromList(bytes.cast<Uint8>().asTypedList(length));
}

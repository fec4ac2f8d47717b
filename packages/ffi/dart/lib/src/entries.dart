import 'dart:collection';
import 'dart:ffi';
import 'dart:typed_data';

import 'codec.dart';
import 'key_range.dart';
import 'keyspace.dart';
import 'native.dart';

/// The entries of a range, read in batches while they are iterated. Each iteration sees the state at its own start.
final class Entries<K, V> extends IterableBase<MapEntry<K, V>> {
  Entries(this._keyspace, this._range);

  // The object, not its handle, which is closed when the object is collected.
  final Keyspace<K, V> _keyspace;
  final ByteRange _range;

  @override
  Iterator<MapEntry<K, V>> get iterator =>
      _EntryIterator(_keyspace.handle, _range, _keyspace.keyCodec, _keyspace.valueCodec);
}

/// Holds an iterator of the C library until its last entry, or until it is collected as garbage.
final class _EntryIterator<K, V> implements Iterator<MapEntry<K, V>> {
  _EntryIterator(int keyspace, ByteRange range, this._keys, this._values)
      : _handle = _native.open((out) => _native.functions.iteratorOpen(keyspace, _native.range(range), out)) {
    Native.handles.attach(this, _handle, detach: this);
  }

  static final Native _native = Native.instance;
  static const int _batchBytes = 32 * 1024;

  final int _handle;
  final LdbCodec<K> _keys;
  final LdbCodec<V> _values;
  Uint8List _batch = Uint8List(0);
  int _position = 0;
  bool _isAtEnd = false;
  MapEntry<K, V>? _current;

  @override
  MapEntry<K, V> get current => _current as MapEntry<K, V>;

  @override
  bool moveNext() {
    if (_position == _batch.length && !_readBatch()) {
      _current = null;
      return false;
    }
    final header = ByteData.sublistView(_batch, _position, _position + 8);
    final keyEnd = _position + 8 + header.getUint32(0, Endian.little);
    final end = keyEnd + header.getUint32(4, Endian.little);
    _current = MapEntry(
      _keys.decode(Uint8List.sublistView(_batch, _position + 8, keyEnd)),
      _values.decode(Uint8List.sublistView(_batch, keyEnd, end)),
    );
    _position = end;
    return true;
  }

  bool _readBatch() {
    if (_isAtEnd) return false;
    var capacity = _batchBytes;
    while (true) {
      final buffer = _native.malloc(capacity);
      try {
        final next = _native.functions.iteratorNextBatch;
        final status = _native.check(next(_handle, buffer.cast(), capacity, _native.size, _native.number));
        if (status == 1) return _end();
        if (status == 0) {
          _batch = Uint8List.fromList(buffer.asTypedList(_native.size.value));
          _position = 0;
          return true;
        }
        capacity = _native.size.value;
      } finally {
        _native.free(buffer);
      }
    }
  }

  bool _end() {
    _isAtEnd = true;
    Native.handles.detach(this);
    _native.functions.close(_handle);
    return false;
  }
}

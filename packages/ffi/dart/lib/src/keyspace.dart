import 'dart:async';
import 'dart:ffi';

import 'changes.dart';
import 'codec.dart';
import 'cursor.dart';
import 'entries.dart';
import 'key_range.dart';
import 'native.dart';
import 'options.dart';

/// The entries of a keyspace, through a database, a snapshot or a transaction. Throws `LdbException`s.
final class Keyspace<K, V> {
  Keyspace.fromHandle(this.database, this.handle, this.keyCodec, this.valueCodec) {
    if (handle != database) Native.handles.attach(this, handle);
  }

  /// The handle of the database, a plain number.
  final int database;

  /// The handle of this keyspace.
  final int handle;
  final LdbCodec<K> keyCodec;
  final LdbCodec<V> valueCodec;

  Native get _native => Native.instance;

  /// The value of a key; `null` when it is missing.
  V? operator [](K key) => get(key);

  void operator []=(K key, V value) => put(key, value);

  /// As `[]`. With [forUpdate], in a transaction, the read conflicts with other commits like a write.
  V? get(K key, {bool forUpdate = false}) {
    final bytes = _native.get(handle, keyCodec.encode(key), forUpdate: forUpdate);
    return bytes == null ? null : valueCodec.decode(bytes);
  }

  /// Writes an entry, with a time to live if there is one; an existing one is overwritten.
  void put(K key, V value, {Durability? durability, Duration? ttl}) {
    final keyBytes = keyCodec.encode(key), valueBytes = valueCodec.encode(value);
    final options = _native.writeOptions(durability, ttl);
    final (source, second) = _native.copyIn(keyBytes, valueBytes);
    _native.check(_native.functions.put(handle, source, keyBytes.length, second, valueBytes.length, options));
  }

  bool containsKey(K key) {
    final bytes = keyCodec.encode(key);
    return _native.check(_native.functions.has(handle, _native.copyIn(bytes).$1, bytes.length)) == 0;
  }

  /// Removes a key. A missing one is not an error.
  void delete(K key, {Durability? durability}) {
    final bytes = keyCodec.encode(key);
    final options = _native.writeOptions(durability, null);
    _native.check(_native.functions.delete(handle, _native.copyIn(bytes).$1, bytes.length, options));
  }

  /// Removes the entries of a range, which must have a bound.
  void deleteRange(KeyRange<K> range) =>
      _native.check(_native.functions.deleteRange(handle, _native.range(range.encode(keyCodec)), nullptr));

  int count([KeyRange<K>? range]) {
    final bytes = (range ?? KeyRange<K>()).encode(keyCodec);
    _native.check(_native.functions.count(handle, _native.range(bytes), _native.handle));
    return _native.handle.value;
  }

  /// The entries of a range, lazily.
  Iterable<MapEntry<K, V>> entries([KeyRange<K>? range]) =>
      Entries(this, (range ?? KeyRange<K>()).encode(keyCodec));

  /// A cursor over a range, which the caller closes.
  Cursor<K, V> cursor([KeyRange<K>? range]) => Cursor(this, (range ?? KeyRange<K>()).encode(keyCodec));

  Iterable<K> keys([KeyRange<K>? range]) => entries(range).map((entry) => entry.key);

  Iterable<V> values([KeyRange<K>? range]) => entries(range).map((entry) => entry.value);

  /// The commits to this keyspace after the commit [since]: those from now on by default, all that the log has with 0.
  ///
  /// The C library does not wait: it is asked every [interval].
  Stream<Commit<K, V>> changes({int since = -1, Duration interval = const Duration(milliseconds: 50)}) =>
      streamOfChanges(this, since, interval);
}

import 'dart:ffi';

import 'key_range.dart';
import 'keyspace.dart';
import 'native.dart';
import 'options.dart';

/// The state of all keyspaces at one commit. Close it: it keeps old pages.
base class Snapshot {
  Snapshot.fromHandle(this.handle) {
    Native.handles.attach(this, handle, detach: this);
  }

  final int handle;
  bool _isClosed = false;

  Native get _native => Native.instance;

  /// A keyspace as this snapshot or transaction sees it.
  Keyspace<K, V> of<K, V>(Keyspace<K, V> keyspace) {
    final view = _native.open((out) => _native.functions.$in(handle, keyspace.handle, out));
    return Keyspace.fromHandle(keyspace.database, view, keyspace.keyCodec, keyspace.valueCodec);
  }

  /// Ends it; a transaction that was not committed is rolled back. No effect after the first call.
  void close() {
    if (_isClosed) return;
    _isClosed = true;
    Native.handles.detach(this);
    _native.check(_native.functions.close(handle));
  }
}

/// A snapshot with writes of its own, which others see after its commit. The first of two conflicting ones to commit wins.
final class Transaction extends Snapshot {
  Transaction.fromHandle(super.handle) : super.fromHandle();

  /// Commits and ends it. Throws an `LdbConflictException` when it lost to another commit.
  void commit({Durability? durability}) =>
      _native.check(_native.functions.transactionCommit(handle, _native.writeOptions(durability, null)));

  void rollback() => _native.check(_native.functions.transactionRollback(handle));

  /// Returns the number of a savepoint: the writes so far.
  int savepoint() {
    _native.check(_native.functions.transactionSavepoint(handle, _native.number));
    return _native.number.value;
  }

  /// Discards the writes since a savepoint.
  void rollbackTo(int savepoint) => _native.check(_native.functions.transactionRollbackTo(handle, savepoint));
}

/// Writes to any number of keyspaces, in one atomic commit. They are collected in memory.
final class WriteBatch {
  WriteBatch.fromHandle(this.handle);

  final int handle;

  Native get _native => Native.instance;

  void put<K, V>(Keyspace<K, V> keyspace, K key, V value, {Duration? ttl}) {
    final keyBytes = keyspace.keyCodec.encode(key), valueBytes = keyspace.valueCodec.encode(value);
    final (source, second) = _native.copyIn(keyBytes, valueBytes);
    _native.check(_native.functions.batchPut(
        handle, keyspace.handle, source, keyBytes.length, second, valueBytes.length, _native.writeOptions(null, ttl)));
  }

  void delete<K>(Keyspace<K, Object?> keyspace, K key) {
    final bytes = keyspace.keyCodec.encode(key);
    _native.check(_native.functions.batchDelete(handle, keyspace.handle, _native.copyIn(bytes).$1, bytes.length));
  }

  /// Removes the entries that a range, which must have a bound, has at the commit.
  void deleteRange<K>(Keyspace<K, Object?> keyspace, KeyRange<K> range) =>
      _native.check(_native.functions.batchDeleteRange(handle, keyspace.handle, _native.range(range.encode(keyspace.keyCodec))));

  /// Discards what was collected so far.
  void clear() => _native.check(_native.functions.batchClear(handle));

  void commit({Durability? durability}) =>
      _native.check(_native.functions.batchCommit(handle, _native.writeOptions(durability, null)));

  /// Discards what was not committed.
  void close() => _native.check(_native.functions.close(handle));
}

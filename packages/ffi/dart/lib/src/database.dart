import 'dart:ffi';

import 'bindings.dart';
import 'codec.dart';
import 'keyspace.dart';
import 'ldb_exception.dart';
import 'native.dart';
import 'options.dart';
import 'transaction.dart';

/// An open database. One process at a time opens it for writing; within the process, every isolate may use it through [handle].
final class Database {
  /// The database of another isolate. It is closed once, by one isolate.
  Database.fromHandle(this.handle);

  /// Opens the database in a directory, or creates it; in memory without a path. After a crash, this replays the log.
  factory Database.open(String? path, {OpenOptions options = const OpenOptions()}) {
    final native = Native.instance;
    final block = _openOptions(native, options);
    try {
      if (path == null) return Database.fromHandle(native.open((out) => native.functions.open(nullptr, block, out)));
      return native.withText(path, (text) => Database.fromHandle(native.open((out) => native.functions.open(text, block, out))));
    } finally {
      _freeOptions(native, block);
    }
  }

  /// A plain number, which may be sent to other isolates.
  final int handle;

  Native get _native => Native.instance;

  /// The keyspace "default", with keys and values as text.
  late final Keyspace<String, String> entries = view(LdbCodec.string, LdbCodec.string);

  /// The keyspace "default" with other codecs.
  Keyspace<K, V> view<K, V>(LdbCodec<K> keys, LdbCodec<V> values) => Keyspace.fromHandle(handle, handle, keys, values);

  /// Opens a keyspace, or creates it. The codecs must be those of its creation.
  Keyspace<K, V> keyspace<K, V>(
    String name, {
    required LdbCodec<K> keys,
    required LdbCodec<V> values,
    Engine? engine,
    Compression? compression,
    Duration? ttl,
  }) {
    final options = _native.malloc(sizeOf<LdbKeyspaceOptions>()).cast<LdbKeyspaceOptions>();
    options.ref
      ..size = sizeOf<LdbKeyspaceOptions>()
      ..engine = engine?.number ?? 0
      ..keys = keys.encoding
      ..values = values.encoding
      ..compression = compression?.number ?? 0
      ..ttl_ms = ttlMilliseconds(ttl);
    try {
      final opened = _native.withText(
        name,
        (text) => _native.open((out) => _native.functions.keyspaceOpen(handle, text, options, out)),
      );
      return Keyspace.fromHandle(handle, opened, keys, values);
    } finally {
      _native.free(options);
    }
  }

  void dropKeyspace(String name) =>
      _native.withText(name, (text) => _native.check(_native.functions.keyspaceDrop(handle, text)));

  /// The keyspaces with their options, as JSON values.
  List<Object?> keyspaces() => _native.json((out) => _native.functions.keyspaceList(handle, out)) as List<Object?>;

  /// Runs [body] in a transaction, and commits it. After a conflict the body runs again, at most [attempts] times.
  T transaction<T>(T Function(Transaction) body, {int attempts = 10, Isolation? isolation, Durability? durability}) {
    for (var attempt = 1;; attempt++) {
      final transaction = begin(isolation: isolation);
      try {
        final result = body(transaction);
        transaction.commit(durability: durability);
        return result;
      } on LdbConflictException {
        if (attempt >= attempts) rethrow;
      } finally {
        transaction.close();
      }
    }
  }

  /// Begins a transaction that the caller commits and closes.
  Transaction begin({Isolation? isolation, bool readOnly = false}) {
    final options = _native.malloc(sizeOf<LdbTransactionOptions>()).cast<LdbTransactionOptions>();
    options.ref
      ..size = sizeOf<LdbTransactionOptions>()
      ..isolation = isolation?.number ?? 0
      ..read_only = readOnly ? 1 : 0;
    try {
      return Transaction.fromHandle(
          _native.open((out) => _native.functions.transactionBegin(handle, options, out)));
    } finally {
      _native.free(options);
    }
  }

  Snapshot snapshot() => Snapshot.fromHandle(_native.open((out) => _native.functions.snapshotOpen(handle, out)));

  /// Collects writes, and commits them at once unless [body] throws.
  void batch(void Function(WriteBatch) body, {Durability? durability}) {
    final batch = WriteBatch.fromHandle(_native.open((out) => _native.functions.batchOpen(handle, out)));
    try {
      body(batch);
      batch.commit(durability: durability);
    } finally {
      batch.close();
    }
  }

  /// Makes every acknowledged commit durable.
  void sync() => _native.check(_native.functions.sync(handle));

  void checkpoint() => _native.check(_native.functions.checkpoint(handle));

  void compact() => _native.check(_native.functions.compact(handle));

  /// The report of a verification of every page, record and entry. `ok` is true when all are intact.
  Map<String, Object?> verify() =>
      _native.json((out) => _native.functions.verify(handle, out)) as Map<String, Object?>;

  Map<String, Object?> stats() => _native.json((out) => _native.functions.stats(handle, out)) as Map<String, Object?>;

  /// Backs up the present state into a directory.
  void backup(String directory, {bool incremental = false}) => _native.withText(directory,
      (text) => _native.check(_native.functions.backup(handle, text, incremental ? 1 : 0, nullptr)));

  /// Ends open transactions and reads, and releases files and lock.
  void close() => _native.check(_native.functions.close(handle));

  /// Deletes a closed database.
  static void destroy(String path) =>
      Native.instance.withText(path, (text) => Native.instance.check(Native.instance.functions.destroy(text)));
}

Pointer<LdbOpenOptions> _openOptions(Native native, OpenOptions options) {
  final block = native.malloc(sizeOf<LdbOpenOptions>()).cast<LdbOpenOptions>();
  block.ref
    ..size = sizeOf<LdbOpenOptions>()
    ..flags = options.flags
    ..engine = options.engine?.number ?? 0
    ..durability = options.durability?.number ?? 0
    ..compression = options.compression?.number ?? 0
    ..cache_bytes = options.cacheBytes
    ..sync_interval_ms = options.syncInterval.inMilliseconds
    ..page_bytes = options.pageBytes
    ..blob_bytes = options.blobBytes
    ..memtable_bytes = options.memtableBytes
    ..max_open_files = options.maxOpenFiles
    ..secret = nullptr;
  final key = options.key;
  if (key == null) return block;
  final secret = native.malloc(sizeOf<LdbSecret>() + key.length).cast<LdbSecret>();
  final bytes = secret.cast<Uint8>() + sizeOf<LdbSecret>();
  bytes.asTypedList(key.length).setAll(0, key);
  secret.ref
    ..size = sizeOf<LdbSecret>()
    ..key = bytes.cast()
    ..key_bytes = key.length
    ..passphrase = nullptr;
  block.ref.secret = secret;
  return block;
}

/// Frees options, and overwrites a key in them.
void _freeOptions(Native native, Pointer<LdbOpenOptions> block) {
  final secret = block.ref.secret;
  if (secret != nullptr) {
    final bytes = secret.ref.key_bytes;
    (secret.cast<Uint8>() + sizeOf<LdbSecret>()).asTypedList(bytes).fillRange(0, bytes, 0);
    native.free(secret);
  }
  native.free(block);
}

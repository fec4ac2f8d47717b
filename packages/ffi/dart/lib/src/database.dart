import 'dart:ffi';
import 'dart:typed_data';

import 'bindings.dart';
import 'codec.dart';
import 'keyspace.dart';
import 'ldb_exception.dart';
import 'native.dart';
import 'options.dart';
import 'secret.dart';
import 'transaction.dart';

/// An open database. One process at a time opens it for writing; within the process, every isolate may use it through [handle].
final class Database {
  /// The database of another isolate. It is closed once, by one isolate.
  Database.fromHandle(this.handle);

  /// Opens the database in a directory, or creates it; in memory without a path. After a crash, this replays the log.
  factory Database.open(String? path, {OpenOptions options = const OpenOptions()}) {
    final native = Native.instance;
    return withSecret(native, options.key, options.passphrase, (secret) {
      final block = _openOptions(native, options, secret);
      try {
        if (path == null) return Database.fromHandle(native.open((out) => native.functions.open(nullptr, block, out)));
        return native.withText(path, (text) => Database.fromHandle(native.open((out) => native.functions.open(text, block, out))));
      } finally {
        native.free(block);
      }
    });
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

  /// Backs up the present state into a directory, and returns a report.
  Map<String, Object?> backup(String directory, {bool incremental = false}) => _native.withText(directory,
      (text) => _native.json((out) => _native.functions.backup(handle, text, incremental ? 1 : 0, out)) as Map<String, Object?>);

  /// Ends open transactions and reads, and releases files and lock.
  void close() => _native.check(_native.functions.close(handle));

  /// Verifies a closed database; as [verify]. Damage that prevents the open is part of the report.
  static Map<String, Object?> verifyDirectory(String path, {Uint8List? key, String? passphrase}) => _report(
      key, passphrase, [path], (native, paths, secret, out) => native.functions.verifyDirectory(paths[0], secret, out));

  /// Restores a database from the directory of its backups to a path that is absent or empty, and returns a report.
  ///
  /// With [until], the number of a commit, the newest state up to it.
  static Map<String, Object?> restore(String backup, String path, {Uint8List? key, String? passphrase, int until = -1}) => _report(
      key, passphrase, [backup, path], (native, paths, secret, out) => native.functions.restore(paths[0], paths[1], secret, until, out));

  /// Salvages a damaged database into a new directory, and returns a report of what is lost. The damaged one is not changed.
  static Map<String, Object?> repair(String path, String target, {Uint8List? key, String? passphrase}) => _report(
      key, passphrase, [path, target], (native, paths, secret, out) => native.functions.repair(paths[0], paths[1], secret, out));

  /// Deletes a closed database.
  static void destroy(String path) =>
      Native.instance.withText(path, (text) => Native.instance.check(Native.instance.functions.destroy(text)));
}

/// Returns the report of a function on directories.
Map<String, Object?> _report(Uint8List? key, String? passphrase, List<String> paths,
    int Function(Native, List<Pointer<Char>>, Pointer<LdbSecret>, Pointer<Pointer<Char>>) call) {
  final native = Native.instance;
  final copies = <Pointer<Char>>[];
  try {
    for (final path in paths) {
      copies.add(native.copyText(path));
    }
    return withSecret(native, key, passphrase,
        (secret) => native.json((out) => call(native, copies, secret, out)) as Map<String, Object?>);
  } finally {
    copies.forEach(native.free);
  }
}

Pointer<LdbOpenOptions> _openOptions(Native native, OpenOptions options, Pointer<LdbSecret> secret) {
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
    ..secret = secret;
  return block;
}

import 'dart:typed_data';

/// How the entries of a keyspace are stored.
enum Engine {
  btree(1),
  lsm(2);

  const Engine(this.number);
  final int number;
}

/// When a commit is acknowledged.
enum Durability {
  /// Once it is on the device: the default.
  full(1),

  /// Once it is in the log; the device follows within the sync interval.
  periodic(2),

  /// Once it is in memory.
  none(3);

  const Durability(this.number);
  final int number;
}

enum Compression {
  none(1),
  lz4(2),
  deflate(3),
  adaptive(4);

  const Compression(this.number);
  final int number;
}

enum Isolation {
  serializable(1),
  snapshot(2);

  const Isolation(this.number);
  final int number;
}

/// Options of a database. Each one that is missing has the default of the C library.
final class OpenOptions {
  const OpenOptions({
    this.readOnly = false,
    this.existingOnly = false,
    this.newOnly = false,
    this.engine,
    this.durability,
    this.compression,
    this.cacheBytes = 0,
    this.syncInterval = Duration.zero,
    this.pageBytes = 0,
    this.blobBytes = 0,
    this.memtableBytes = 0,
    this.maxOpenFiles = 0,
    this.key,
    this.passphrase,
  });

  final bool readOnly;

  /// Fail with `LDB_NOT_FOUND` instead of creating a database.
  final bool existingOnly;

  /// Fail with `LDB_EXISTS` when there is a database.
  final bool newOnly;
  final Engine? engine;
  final Durability? durability;
  final Compression? compression;
  final int cacheBytes;
  final Duration syncInterval;
  final int pageBytes;
  final int blobBytes;
  final int memtableBytes;
  final int maxOpenFiles;

  /// 32 bytes that encrypt the database.
  final Uint8List? key;

  /// A text from which the key is derived, which takes half a second. A database has a key or a passphrase.
  final String? passphrase;

  int get flags => (readOnly ? 1 : 0) | (existingOnly ? 2 : 0) | (newOnly ? 4 : 0);
}

/// A time to live that never ends, also in a keyspace that has one.
const Duration noExpiry = Duration(microseconds: -1);

/// The number of `ttl_ms` of the C library.
double ttlMilliseconds(Duration? ttl) {
  if (ttl == null) return 0;
  return ttl == noExpiry ? -1 : ttl.inMicroseconds / 1000;
}

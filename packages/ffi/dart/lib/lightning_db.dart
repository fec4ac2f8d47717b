/// LDB for Dart: an embedded, ordered, transactional key-value database, over the C library.
library;

import 'src/native.dart';

export 'src/async_database.dart' show AsyncDatabase;
export 'src/changes.dart' show Change, ChangeKind, Commit;
export 'src/codec.dart' show LdbCodec;
export 'src/cursor.dart' show Cursor;
export 'src/database.dart' show Database;
export 'src/key_range.dart' show KeyRange;
export 'src/keyspace.dart' show Keyspace;
export 'src/ldb_exception.dart';
export 'src/options.dart' show Compression, Durability, Engine, Isolation, OpenOptions, noExpiry;
export 'src/transaction.dart' show Snapshot, Transaction, WriteBatch;

/// Uses the library at a path. Call it in each isolate before its first use; without it, `LDB_LIBRARY` or the library of the platform is used.
void useLibrary(String path) => Native.libraryPath = path;

/// The version of the library and of the engine inside it.
String libraryVersion() {
  final native = Native.instance;
  return '${native.textOf(native.functions.version())}, ${native.textOf(native.functions.engineName())}';
}

// ignore_for_file: non_constant_identifier_names
/// The functions and structures of `ldb.h`. A test compares every type here with the header.
library;

import 'dart:ffi';

/// Value of `LDB_ABI_VERSION` in the header that these bindings were written for.
const int abiVersion = 1;

final class LdbSecret extends Struct {
  @Size()
  external int size;
  external Pointer<Void> key;
  @Size()
  external int key_bytes;
  external Pointer<Char> passphrase;
}

final class LdbOpenOptions extends Struct {
  @Size()
  external int size;
  @Uint32()
  external int flags;
  @Uint32()
  external int engine;
  @Uint32()
  external int durability;
  @Uint32()
  external int compression;
  @Uint64()
  external int cache_bytes;
  @Uint32()
  external int sync_interval_ms;
  @Uint32()
  external int page_bytes;
  @Uint64()
  external int blob_bytes;
  @Uint64()
  external int memtable_bytes;
  @Uint32()
  external int max_open_files;
  external Pointer<LdbSecret> secret;
}

final class LdbKeyspaceOptions extends Struct {
  @Size()
  external int size;
  @Uint32()
  external int engine;
  @Uint32()
  external int keys;
  @Uint32()
  external int values;
  @Uint32()
  external int compression;
  @Double()
  external double ttl_ms;
}

final class LdbWriteOptions extends Struct {
  @Size()
  external int size;
  @Uint32()
  external int durability;
  @Double()
  external double ttl_ms;
}

final class LdbTransactionOptions extends Struct {
  @Size()
  external int size;
  @Uint32()
  external int isolation;
  @Uint32()
  external int read_only;
}

final class LdbRange extends Struct {
  @Size()
  external int size;
  @Uint32()
  external int bounds;
  external Pointer<Void> lower;
  @Size()
  external int lower_bytes;
  external Pointer<Void> upper;
  @Size()
  external int upper_bytes;
}

/// The functions, each looked up at its first use. None is a leaf: a call may wait for a lock or for the device.
final class Bindings {
  Bindings(this._library);

  final DynamicLibrary _library;

  late final version = _library.lookupFunction<Pointer<Char> Function(),
      Pointer<Char> Function()>('ldb_version');
  late final abiVersion = _library.lookupFunction<Uint32 Function(),
      int Function()>('ldb_abi_version');
  late final engineName = _library.lookupFunction<Pointer<Char> Function(),
      Pointer<Char> Function()>('ldb_engine_name');
  late final statusName = _library.lookupFunction<Pointer<Char> Function(Int32),
      Pointer<Char> Function(int)>('ldb_status_name');
  late final lastError = _library.lookupFunction<Pointer<Char> Function(),
      Pointer<Char> Function()>('ldb_last_error');
  late final free = _library.lookupFunction<Void Function(Pointer<Void>),
      void Function(Pointer<Void>)>('ldb_free');
  late final open = _library.lookupFunction<Int32 Function(Pointer<Char>, Pointer<LdbOpenOptions>, Pointer<Uint64>),
      int Function(Pointer<Char>, Pointer<LdbOpenOptions>, Pointer<Uint64>)>('ldb_open');
  late final close = _library.lookupFunction<Int32 Function(Uint64),
      int Function(int)>('ldb_close');
  late final sync = _library.lookupFunction<Int32 Function(Uint64),
      int Function(int)>('ldb_sync');
  late final checkpoint = _library.lookupFunction<Int32 Function(Uint64),
      int Function(int)>('ldb_checkpoint');
  late final compact = _library.lookupFunction<Int32 Function(Uint64),
      int Function(int)>('ldb_compact');
  late final verify = _library.lookupFunction<Int32 Function(Uint64, Pointer<Pointer<Char>>),
      int Function(int, Pointer<Pointer<Char>>)>('ldb_verify');
  late final stats = _library.lookupFunction<Int32 Function(Uint64, Pointer<Pointer<Char>>),
      int Function(int, Pointer<Pointer<Char>>)>('ldb_stats');
  late final backup = _library.lookupFunction<Int32 Function(Uint64, Pointer<Char>, Int, Pointer<Pointer<Char>>),
      int Function(int, Pointer<Char>, int, Pointer<Pointer<Char>>)>('ldb_backup');
  late final verifyDirectory = _library.lookupFunction<Int32 Function(Pointer<Char>, Pointer<LdbSecret>, Pointer<Pointer<Char>>),
      int Function(Pointer<Char>, Pointer<LdbSecret>, Pointer<Pointer<Char>>)>('ldb_verify_directory');
  late final restore = _library.lookupFunction<Int32 Function(Pointer<Char>, Pointer<Char>, Pointer<LdbSecret>, Int64, Pointer<Pointer<Char>>),
      int Function(Pointer<Char>, Pointer<Char>, Pointer<LdbSecret>, int, Pointer<Pointer<Char>>)>('ldb_restore');
  late final repair = _library.lookupFunction<Int32 Function(Pointer<Char>, Pointer<Char>, Pointer<LdbSecret>, Pointer<Pointer<Char>>),
      int Function(Pointer<Char>, Pointer<Char>, Pointer<LdbSecret>, Pointer<Pointer<Char>>)>('ldb_repair');
  late final destroy = _library.lookupFunction<Int32 Function(Pointer<Char>),
      int Function(Pointer<Char>)>('ldb_destroy');
  late final keyspaceOpen = _library.lookupFunction<Int32 Function(Uint64, Pointer<Char>, Pointer<LdbKeyspaceOptions>, Pointer<Uint64>),
      int Function(int, Pointer<Char>, Pointer<LdbKeyspaceOptions>, Pointer<Uint64>)>('ldb_keyspace_open');
  late final keyspaceDrop = _library.lookupFunction<Int32 Function(Uint64, Pointer<Char>),
      int Function(int, Pointer<Char>)>('ldb_keyspace_drop');
  late final keyspaceList = _library.lookupFunction<Int32 Function(Uint64, Pointer<Pointer<Char>>),
      int Function(int, Pointer<Pointer<Char>>)>('ldb_keyspace_list');
  late final put = _library.lookupFunction<Int32 Function(Uint64, Pointer<Void>, Size, Pointer<Void>, Size, Pointer<LdbWriteOptions>),
      int Function(int, Pointer<Void>, int, Pointer<Void>, int, Pointer<LdbWriteOptions>)>('ldb_put');
  late final get = _library.lookupFunction<Int32 Function(Uint64, Pointer<Void>, Size, Pointer<Void>, Size, Pointer<Size>),
      int Function(int, Pointer<Void>, int, Pointer<Void>, int, Pointer<Size>)>('ldb_get');
  late final getAlloc = _library.lookupFunction<Int32 Function(Uint64, Pointer<Void>, Size, Pointer<Pointer<Void>>, Pointer<Size>),
      int Function(int, Pointer<Void>, int, Pointer<Pointer<Void>>, Pointer<Size>)>('ldb_get_alloc');
  late final getForUpdate = _library.lookupFunction<Int32 Function(Uint64, Pointer<Void>, Size, Pointer<Void>, Size, Pointer<Size>),
      int Function(int, Pointer<Void>, int, Pointer<Void>, int, Pointer<Size>)>('ldb_get_for_update');
  late final has = _library.lookupFunction<Int32 Function(Uint64, Pointer<Void>, Size),
      int Function(int, Pointer<Void>, int)>('ldb_has');
  late final delete = _library.lookupFunction<Int32 Function(Uint64, Pointer<Void>, Size, Pointer<LdbWriteOptions>),
      int Function(int, Pointer<Void>, int, Pointer<LdbWriteOptions>)>('ldb_delete');
  late final deleteRange = _library.lookupFunction<Int32 Function(Uint64, Pointer<LdbRange>, Pointer<LdbWriteOptions>),
      int Function(int, Pointer<LdbRange>, Pointer<LdbWriteOptions>)>('ldb_delete_range');
  late final count = _library.lookupFunction<Int32 Function(Uint64, Pointer<LdbRange>, Pointer<Uint64>),
      int Function(int, Pointer<LdbRange>, Pointer<Uint64>)>('ldb_count');
  late final batchOpen = _library.lookupFunction<Int32 Function(Uint64, Pointer<Uint64>),
      int Function(int, Pointer<Uint64>)>('ldb_batch_open');
  late final batchPut = _library.lookupFunction<Int32 Function(Uint64, Uint64, Pointer<Void>, Size, Pointer<Void>, Size, Pointer<LdbWriteOptions>),
      int Function(int, int, Pointer<Void>, int, Pointer<Void>, int, Pointer<LdbWriteOptions>)>('ldb_batch_put');
  late final batchDelete = _library.lookupFunction<Int32 Function(Uint64, Uint64, Pointer<Void>, Size),
      int Function(int, int, Pointer<Void>, int)>('ldb_batch_delete');
  late final batchDeleteRange = _library.lookupFunction<Int32 Function(Uint64, Uint64, Pointer<LdbRange>),
      int Function(int, int, Pointer<LdbRange>)>('ldb_batch_delete_range');
  late final batchClear = _library.lookupFunction<Int32 Function(Uint64),
      int Function(int)>('ldb_batch_clear');
  late final batchCommit = _library.lookupFunction<Int32 Function(Uint64, Pointer<LdbWriteOptions>),
      int Function(int, Pointer<LdbWriteOptions>)>('ldb_batch_commit');
  late final iteratorOpen = _library.lookupFunction<Int32 Function(Uint64, Pointer<LdbRange>, Pointer<Uint64>),
      int Function(int, Pointer<LdbRange>, Pointer<Uint64>)>('ldb_iterator_open');
  late final iteratorFirst = _library.lookupFunction<Int32 Function(Uint64),
      int Function(int)>('ldb_iterator_first');
  late final iteratorLast = _library.lookupFunction<Int32 Function(Uint64),
      int Function(int)>('ldb_iterator_last');
  late final iteratorSeek = _library.lookupFunction<Int32 Function(Uint64, Pointer<Void>, Size),
      int Function(int, Pointer<Void>, int)>('ldb_iterator_seek');
  late final iteratorNext = _library.lookupFunction<Int32 Function(Uint64),
      int Function(int)>('ldb_iterator_next');
  late final iteratorPrevious = _library.lookupFunction<Int32 Function(Uint64),
      int Function(int)>('ldb_iterator_previous');
  late final iteratorEntry = _library.lookupFunction<Int32 Function(Uint64, Pointer<Pointer<Void>>, Pointer<Size>, Pointer<Pointer<Void>>, Pointer<Size>),
      int Function(int, Pointer<Pointer<Void>>, Pointer<Size>, Pointer<Pointer<Void>>, Pointer<Size>)>('ldb_iterator_entry');
  late final iteratorNextBatch = _library.lookupFunction<Int32 Function(Uint64, Pointer<Void>, Size, Pointer<Size>, Pointer<Uint32>),
      int Function(int, Pointer<Void>, int, Pointer<Size>, Pointer<Uint32>)>('ldb_iterator_next_batch');
  late final snapshotOpen = _library.lookupFunction<Int32 Function(Uint64, Pointer<Uint64>),
      int Function(int, Pointer<Uint64>)>('ldb_snapshot_open');
  late final transactionBegin = _library.lookupFunction<Int32 Function(Uint64, Pointer<LdbTransactionOptions>, Pointer<Uint64>),
      int Function(int, Pointer<LdbTransactionOptions>, Pointer<Uint64>)>('ldb_transaction_begin');
  late final $in = _library.lookupFunction<Int32 Function(Uint64, Uint64, Pointer<Uint64>),
      int Function(int, int, Pointer<Uint64>)>('ldb_in');
  late final transactionCommit = _library.lookupFunction<Int32 Function(Uint64, Pointer<LdbWriteOptions>),
      int Function(int, Pointer<LdbWriteOptions>)>('ldb_transaction_commit');
  late final transactionRollback = _library.lookupFunction<Int32 Function(Uint64),
      int Function(int)>('ldb_transaction_rollback');
  late final transactionSavepoint = _library.lookupFunction<Int32 Function(Uint64, Pointer<Uint32>),
      int Function(int, Pointer<Uint32>)>('ldb_transaction_savepoint');
  late final transactionRollbackTo = _library.lookupFunction<Int32 Function(Uint64, Uint32),
      int Function(int, int)>('ldb_transaction_rollback_to');
  late final changesOpen = _library.lookupFunction<Int32 Function(Uint64, Uint64, Int64, Pointer<Uint64>),
      int Function(int, int, int, Pointer<Uint64>)>('ldb_changes_open');
  late final changesPoll = _library.lookupFunction<Int32 Function(Uint64, Pointer<Pointer<Void>>, Pointer<Size>),
      int Function(int, Pointer<Pointer<Void>>, Pointer<Size>)>('ldb_changes_poll');
}

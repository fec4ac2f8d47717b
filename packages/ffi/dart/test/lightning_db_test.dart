// Run by test/dart.test.ts: lightning_db_test LIBRARY DIRECTORY. The directory has a database of Node.js, which is checked and extended.
import 'dart:isolate';
import 'dart:typed_data';

import 'package:lightning_db/lightning_db.dart';

int checks = 0;
late final String library;

void expect(Object? actual, Object? expected, String what) {
  checks++;
  if ('$actual' != '$expected') {
    throw StateError('$what: $actual, expected $expected');
  }
}

void throws<T>(void Function() body, String what) {
  checks++;
  try {
    body();
  } catch (error) {
    if (error is T) return;
    throw StateError('$what: threw $error');
  }
  throw StateError('$what: did not throw');
}

Future<void> main(List<String> arguments) async {
  library = arguments[0];
  final directory = arguments[1];
  useLibrary(library);
  expect(libraryVersion().contains('quickjs'), true, 'version');
  final tests = {
    'entries': testEntries,
    'ranges': testRanges,
    'transactions': testTransactions,
    'options': testOptions,
    'cursors': testCursors,
    'errors': testErrors,
    'changes': testChanges,
    'isolates': testIsolates,
    'async': testAsync,
    'node': testNode,
  };
  for (final MapEntry(key: name, value: test) in tests.entries) {
    await test('$directory/$name');
    print('$name passed');
  }
  print('$checks checks, 0 failed');
}

Future<void> testEntries(String path) async {
  final db = Database.open(path);
  final users = db.keyspace('users', keys: LdbCodec.string, values: LdbCodec.json);
  users['ada'] = {'born': 1815, 'langs': ['fr', 'en']};
  expect(users['ada'], {'born': 1815, 'langs': ['fr', 'en']}, 'json');
  expect(users['bob'], null, 'missing');
  expect(users.containsKey('ada'), true, 'containsKey');
  users.delete('ada');
  users.delete('ada');
  expect(users.containsKey('ada'), false, 'deleted');
  db.entries['ключ'] = '値 🐘';
  expect(db.entries['ключ'], '値 🐘', 'utf8');
  final large = Uint8List.fromList(List.generate(3000000, (index) => index * 7 % 251));
  final blobs = db.keyspace('blobs', keys: LdbCodec.bytes, values: LdbCodec.bytes);
  blobs[Uint8List(0)] = large;
  final back = blobs[Uint8List(0)]!;
  expect(back.length, large.length, 'length of a large value');
  expect(Iterable<int>.generate(back.length).every((index) => back[index] == large[index]), true, 'large value');
  blobs[Uint8List.fromList([0, 255])] = Uint8List(0);
  expect(blobs[Uint8List.fromList([0, 255])], <int>[], 'empty value');
  db.batch((batch) {
    batch.put(users, 'x', 1);
    batch.put(db.entries, 'y', 'two');
    batch.delete(db.entries, 'ключ');
  });
  expect([users['x'], db.entries['y'], db.entries['ключ']], [1, 'two', null], 'batch');
  throws<StateError>(() => db.batch((batch) {
        batch.put(users, 'x', 2);
        throw StateError('stop');
      }), 'batch that throws');
  expect(users['x'], 1, 'batch that threw');
  expect(db.verify()['ok'], true, 'verify');
  expect(db.keyspaces().length, 3, 'keyspaces');
  db.dropKeyspace('users');
  throws<LdbNotFoundException>(() => users['x'], 'dropped');
  db.close();
}

Future<void> testRanges(String path) async {
  final db = Database.open(path, options: const OpenOptions(durability: Durability.periodic));
  final numbers = db.keyspace('numbers', keys: LdbCodec.integer, values: LdbCodec.string, engine: Engine.lsm);
  // More than one batch of entries, and one entry larger than a batch.
  db.batch((batch) {
    for (var n = -500; n < 500; n++) {
      batch.put(numbers, n, n == 400 ? 'L' * 100000 : '$n'.padLeft(100));
    }
  });
  expect(numbers.count(), 1000, 'count');
  expect(numbers.keys().toList(), List.generate(1000, (index) => index - 500), 'numeric order');
  expect(numbers.values().elementAt(900).length, 100000, 'large entry of a scan');
  expect(numbers.keys(const KeyRange(gte: -2, lt: 2)).toList(), [-2, -1, 0, 1], 'gte, lt');
  expect(numbers.keys(const KeyRange(gt: -2, lte: 2, reverse: true)).toList(), [2, 1, 0, -1], 'gt, lte, reverse');
  expect(numbers.entries().where((entry) => entry.key.isEven).skip(3).first.key, -494, 'lazy');
  final iterator = numbers.keys().iterator..moveNext();
  numbers.deleteRange(const KeyRange(lt: 499));
  expect(numbers.keys().toList(), [499], 'deleteRange');
  var rest = 1;
  while (iterator.moveNext()) {
    rest++;
  }
  expect(rest, 1000, 'an iteration keeps its state');
  for (final key in ['a', 'b1', 'b2', 'c']) {
    db.entries[key] = key;
  }
  expect(db.entries.keys(const KeyRange(prefix: 'b')).toList(), ['b1', 'b2'], 'prefix');
  throws<LdbException>(() => db.entries.count(const KeyRange(gt: 'a', gte: 'a')), 'contradictory bounds');
  db.close();
}

Future<void> testTransactions(String path) async {
  final db = Database.open(path);
  final entries = db.entries..['n'] = '1';
  final old = db.snapshot();
  expect(db.transaction((tx) {
    final view = tx.of(entries);
    view['n'] = '${int.parse(view['n']!) + 1}';
    final savepoint = tx.savepoint();
    view['m'] = 'gone';
    tx.rollbackTo(savepoint);
    expect(entries['n'], '1', 'isolation');
    return view['n'];
  }), '2', 'result of a transaction');
  expect([entries['n'], entries['m']], ['2', null], 'committed');
  expect(old.of(entries)['n'], '1', 'snapshot');
  throws<LdbReadOnlyException>(() => old.of(entries)['n'] = '5', 'write to a snapshot');
  old.close();
  var runs = 0;
  db.transaction((tx) {
    final view = tx.of(entries);
    final n = view.get('n', forUpdate: true);
    if (runs++ == 0) entries['n'] = '10';
    view['n'] = '${int.parse(n!) + 1}';
  });
  expect([runs, entries['n']], [2, '11'], 'a conflict runs the body again');
  throws<StateError>(() => db.transaction((tx) {
        tx.of(entries)['n'] = 'lost';
        throw StateError('stop');
      }), 'transaction that throws');
  expect(entries['n'], '11', 'rolled back');
  final manual = db.begin();
  manual.of(entries)['n'] = '12';
  manual.rollback();
  manual.close();
  manual.close();
  expect(entries['n'], '11', 'explicit rollback');
  throws<LdbClosedException>(() => manual.commit(), 'after the end');
  db.close();
}

Future<void> testOptions(String path) async {
  final key = Uint8List.fromList(List.filled(32, 7));
  final options = OpenOptions(key: key, newOnly: true, cacheBytes: 8 << 20, pageBytes: 4096, blobBytes: 8192);
  final db = Database.open(path, options: options);
  final short = db.keyspace('short', keys: LdbCodec.string, values: LdbCodec.string, ttl: const Duration(milliseconds: 40));
  short['a'] = 'b';
  short.put('kept', 'b', ttl: noExpiry);
  db.entries.put('k', 'v', durability: Durability.none);
  await Future<void>.delayed(const Duration(milliseconds: 60));
  expect([short['a'], short['kept']], [null, 'b'], 'time to live');
  db.sync();
  db.checkpoint();
  db.compact();
  expect(db.backup('$path-backup').isNotEmpty, true, 'report of a backup');
  expect(db.stats().isNotEmpty, true, 'stats');
  db.close();
  throws<LdbKeyException>(() => Database.open(path), 'without the key');
  final reader = Database.open(path, options: OpenOptions(key: key, readOnly: true));
  throws<LdbReadOnlyException>(() => reader.entries['k'] = 'w', 'read only');
  expect(reader.entries['k'], 'v', 'read');
  reader.close();
  expect(Database.verifyDirectory(path, key: key)['ok'], true, 'verification of a directory');
  throws<LdbKeyException>(() => Database.verifyDirectory(path), 'verification without the key');
  Database.restore('$path-backup', '$path-restored', key: key);
  final restored = Database.open('$path-restored', options: OpenOptions(key: key));
  expect(restored.entries['k'], 'v', 'restored');
  restored.close();
  throws<LdbException>(() => Database.restore('$path-backup', '$path-restored', key: key), 'restore to a database');
  Database.repair(path, '$path-repaired', key: key);
  final repaired = Database.open('$path-repaired', options: OpenOptions(key: key));
  expect(repaired.entries['k'], 'v', 'repaired');
  repaired.close();
  Database.destroy(path);
  throws<LdbNotFoundException>(() => Database.open(path, options: const OpenOptions(existingOnly: true)), 'destroyed');
  throws<LdbException>(() => Database.open(path, options: OpenOptions(key: key, passphrase: 'p')), 'two secrets');
  Database.open(path, options: const OpenOptions(passphrase: 'correct hörse')).close();
  throws<LdbKeyException>(() => Database.open(path, options: const OpenOptions(passphrase: 'wrong')), 'another passphrase');
  Database.open(path, options: const OpenOptions(passphrase: 'correct hörse', existingOnly: true)).close();
  Database.destroy(path);
}

Future<void> testCursors(String path) async {
  final db = Database.open(path);
  db.batch((batch) {
    batch.put(db.entries, 'x', '0');
    batch.clear();
    for (final key in ['a', 'b', 'c', 'd', 'e']) {
      batch.put(db.entries, key, key * 2);
    }
    batch.deleteRange(db.entries, const KeyRange(gte: 'd', lt: 'e'));
  });
  final cursor = db.entries.cursor(const KeyRange(gte: 'b'));
  throws<StateError>(() => cursor.current, 'no entry');
  db.entries['bb'] = 'new';
  expect([cursor.moveNext(), cursor.current.key, cursor.current.value], [true, 'b', 'bb'], 'first');
  expect([cursor.moveNext(), cursor.current.key], [true, 'c'], 'next');
  expect([cursor.moveNext(), cursor.current.key, cursor.moveNext()], [true, 'e', false], 'end');
  expect([cursor.movePrevious(), cursor.current.key, cursor.movePrevious(), cursor.current.key], [true, 'e', true, 'c'], 'previous');
  expect([cursor.seek('a'), cursor.current.key, cursor.seek('f')], [true, 'b', false], 'seek');
  expect([cursor.moveLast(), cursor.current.key, cursor.moveFirst(), cursor.current.key], [true, 'e', true, 'b'], 'last, first');
  cursor.close();
  cursor.close();
  final reversed = db.entries.cursor(const KeyRange(lt: 'c', reverse: true));
  expect([reversed.moveNext(), reversed.current.key, reversed.moveNext(), reversed.current.key], [true, 'bb', true, 'b'], 'reversed');
  reversed.close();
  db.close();
}

Future<void> testErrors(String path) async {
  final db = Database.open(path);
  try {
    db.entries['k' * 65536] = '';
    expect(true, false, 'a key that is too large');
  } on LdbException catch (error) {
    expect(error.code, LdbCode.tooLarge, 'code');
    expect('$error'.startsWith('LDB_TOO_LARGE: '), true, 'text $error');
  }
  throws<LdbException>(() => Database.open('a\x00b'), 'zero character');
  throws<LdbLockedException>(() => Database.open(path), 'locked');
  db.close();
  throws<LdbClosedException>(() => db.entries['a'], 'closed');
  throws<LdbClosedException>(() => db.close(), 'closed twice');
  final memory = Database.open(null);
  memory.entries['a'] = 'b';
  expect(memory.entries['a'], 'b', 'in memory');
  memory.close();
}

Future<void> testChanges(String path) async {
  final db = Database.open(path);
  final users = db.keyspace('users', keys: LdbCodec.string, values: LdbCodec.json);
  final commits = users.changes(interval: const Duration(milliseconds: 1)).take(3).toList();
  users['a'] = [1];
  db.entries['other'] = 'keyspace';
  users.delete('a');
  users.deleteRange(const KeyRange(gte: 'b', lt: 'c'));
  final [first, second, third] = await commits.timeout(const Duration(seconds: 20));
  expect([first.changes.single.kind, first.changes.single.key, first.changes.single.value], [ChangeKind.put, 'a', [1]], 'put');
  expect([second.changes.single.kind, second.changes.single.key], [ChangeKind.delete, 'a'], 'delete');
  expect([third.changes.single.kind, third.changes.single.key, third.changes.single.end], [ChangeKind.deleteRange, 'b', 'c'], 'range');
  final again = await users.changes(since: first.number, interval: const Duration(milliseconds: 1)).first;
  expect(again.number, second.number, 'since');
  db.close();
}

/// Several isolates increment one counter.
Future<void> testIsolates(String path) async {
  final db = Database.open(path, options: const OpenOptions(durability: Durability.periodic));
  final handle = db.handle, path32 = library;
  await Future.wait([
    for (var worker = 0; worker < 3; worker++) Isolate.run(() => increment(path32, handle)),
  ]);
  expect(db.entries['counter'], '60', 'counter of three isolates');
  db.close();
}

void increment(String library, int handle) {
  useLibrary(library);
  final db = Database.fromHandle(handle);
  for (var index = 0; index < 20; index++) {
    db.transaction((tx) {
      final view = tx.of(db.entries);
      view['counter'] = '${int.parse(view['counter'] ?? '0') + 1}';
    }, attempts: 1000);
  }
}

Future<void> testAsync(String path) async {
  final db = await AsyncDatabase.open(path);
  var ticks = 0;
  var isDone = false;
  // The event loop of this isolate goes on while the other one works.
  Future<void> tick() async {
    while (!isDone) {
      ticks++;
      await Future<void>.delayed(Duration.zero);
    }
  }

  final ticking = tick();
  final count = await db.run((db) {
    for (var index = 0; index < 100; index++) {
      db.entries['k$index'] = '$index';
    }
    return db.entries.count();
  });
  isDone = true;
  await ticking;
  expect(count, 100, 'result of another isolate');
  expect(ticks > 3, true, '$ticks ticks');
  try {
    await db.run((db) => db.entries['k' * 70000] = '');
    expect(true, false, 'an error of another isolate');
  } on LdbException catch (error) {
    expect(error.code, LdbCode.tooLarge, 'code of another isolate');
  }
  // What cannot be sent fails the call, and does not end the isolate.
  final port = ReceivePort();
  final calls = <String, Future<Object?> Function()>{
    'a function with a port': () => captureOf(db, port),
    'a result with a port': () => db.run((db) => [ReceivePort()]),
    'an error with a port': () => db.run((db) => throw [ReceivePort()]),
    'a result later': () => db.run((db) => Future.value(1)),
  };
  for (final MapEntry(key: name, value: call) in calls.entries) {
    try {
      await call().timeout(const Duration(seconds: 20));
    } on ArgumentError {
      checks++;
      continue;
    } on LdbException catch (error) {
      expect(error.code, LdbCode.aborted, name);
      continue;
    }
    throw StateError('$name did not fail');
  }
  port.close();
  expect(await db.run((db) => db.entries['k7']), '7', 'after an error');
  await db.close();
  await db.close();
  final reopened = Database.open(path);
  expect(reopened.entries.count(), 100, 'closed by the other isolate');
  try {
    await AsyncDatabase.open(path);
    expect(true, false, 'open of a locked database');
  } on LdbLockedException {
    checks++;
  }
  reopened.close();
}

Future<Object?> captureOf(AsyncDatabase db, ReceivePort port) => db.run((_) => port.hashCode);

Future<void> testNode(String path) async {
  final db = Database.open(path, options: const OpenOptions(existingOnly: true));
  final users = db.keyspace('users', keys: LdbCodec.string, values: LdbCodec.json);
  expect([users['ada'], users.count()], [{'born': 1815, 'name': 'Ada é'}, 1], 'JSON of Node.js');
  expect(db.entries.entries().map((entry) => '${entry.key}=${entry.value}').join(','), 'one=1,two=2', 'text of Node.js');
  users['grace'] = {'born': 1906, 'name': 'Grace ü'};
  db.entries['three'] = '3';
  db.close();
}

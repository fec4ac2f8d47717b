// Run with LDB_LIBRARY=/path/to/libldb.so.1 dart run example/main.dart
import 'package:lightning_db/lightning_db.dart';

Future<void> main() async {
  final db = Database.open('example-data');
  final users = db.keyspace('users', keys: LdbCodec.string, values: LdbCodec.json);
  users['ada'] = {'born': 1815};
  users.put('session', 'expires', ttl: const Duration(minutes: 30));

  for (final user in users.entries(const KeyRange(prefix: 'a'))) {
    print('${user.key}: ${user.value}');
  }

  db.transaction((tx) {
    final view = tx.of(users);
    view['grace'] = {'born': 1906};
    view.delete('ada');
  });
  print(users.keys().toList());
  db.close();

  // In an application with a user interface: the calls run in another isolate.
  final background = await AsyncDatabase.open('example-data');
  print(await background.run((db) => db.entries.count()));
  await background.close();
}

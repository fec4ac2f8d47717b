import 'dart:async';
import 'dart:isolate';

import 'database.dart';
import 'ldb_exception.dart';
import 'native.dart';
import 'options.dart';

/// A database whose calls run in an isolate of its own, so that a user interface never waits for the device.
final class AsyncDatabase {
  AsyncDatabase._(this._isolate, this._calls);

  final Isolate _isolate;
  final SendPort _calls;
  bool _isClosed = false;

  /// Opens a database in a new isolate.
  static Future<AsyncDatabase> open(String? path, {OpenOptions options = const OpenOptions()}) async {
    final ready = ReceivePort();
    final isolate = await Isolate.spawn(_serve, (ready.sendPort, Native.libraryPath, path, options));
    final answer = await ready.first;
    if (answer is SendPort) return AsyncDatabase._(isolate, answer);
    final (Object error, StackTrace trace) = answer as (Object, StackTrace);
    Error.throwWithStackTrace(error, trace);
  }

  /// Runs [body] in the isolate of the database, and returns what it returns. What it captures is copied to the isolate, and its result
  /// back: it captures and returns values, not keyspaces or transactions.
  Future<T> run<T>(T Function(Database) body) async {
    if (_isClosed) throw StateError('the database is closed');
    return await _call(body) as T;
  }

  /// Waits for the calls before it, closes the database and ends the isolate.
  Future<void> close() async {
    if (_isClosed) return;
    _isClosed = true;
    try {
      await _call(_close);
    } finally {
      _isolate.kill();
    }
  }

  static void _close(Database database) => database.close();

  Future<Object?> _call(Object? Function(Database) body) async {
    final port = ReceivePort();
    try {
      _calls.send((port.sendPort, body));
    } on Object {
      // The function captures what cannot be sent. An open port would keep the program running.
      port.close();
      rethrow;
    }
    final (bool isOk, Object? result, StackTrace? trace) = await port.first as (bool, Object?, StackTrace?);
    if (isOk) return result;
    Error.throwWithStackTrace(result!, trace!);
  }
}

void _serve((SendPort, String?, String?, OpenOptions) start) {
  final (ready, libraryPath, path, options) = start;
  Native.libraryPath = libraryPath;
  final Database database;
  try {
    database = Database.open(path, options: options);
  } on Object catch (error, trace) {
    Isolate.exit(ready, (error, trace));
  }
  final calls = ReceivePort();
  ready.send(calls.sendPort);
  calls.listen((message) {
    final (SendPort answer, Function body) = message as (SendPort, Function);
    try {
      answer.send((true, (body as Object? Function(Database))(database), null));
    } on Object catch (error, trace) {
      _sendError(answer, error, trace);
    }
  });
}

void _sendError(SendPort answer, Object error, StackTrace trace) {
  try {
    answer.send((false, error, trace));
  } on Object {
    // An error with something that cannot be sent: its text is sent instead.
    answer.send((false, LdbException(LdbCode.aborted, '$error'), trace));
  }
}

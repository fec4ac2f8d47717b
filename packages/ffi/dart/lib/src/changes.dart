import 'dart:async';
import 'dart:typed_data';
import 'dart:ffi';

import 'keyspace.dart';
import 'native.dart';

/// Kinds of changes, in the order of their numbers in `ldb.h`.
enum ChangeKind { put, delete, expire, deleteRange, load, createKeyspace, dropKeyspace }

/// One change of a commit.
final class Change<K, V> {
  const Change(this.kind, {this.key, this.value, this.end});

  final ChangeKind kind;

  /// The key, or the lower bound of a range.
  final K? key;

  /// The value of a put.
  final V? value;

  /// The exclusive upper bound of a range.
  final K? end;
}

/// The changes of one commit.
final class Commit<K, V> {
  const Commit(this.number, this.changes);

  /// The number of the commit: a later stream can begin after it.
  final int number;
  final List<Change<K, V>> changes;
}

/// Opens a reader when the stream is listened to, and closes it when the subscription is cancelled.
Stream<Commit<K, V>> streamOfChanges<K, V>(Keyspace<K, V> keyspace, int since, Duration interval) {
  final native = Native.instance;
  late final StreamController<Commit<K, V>> controller;
  int? reader;
  Timer? timer;

  void stop() {
    timer?.cancel();
    final handle = reader;
    reader = null;
    if (handle != null) native.functions.close(handle);
  }

  void poll() {
    try {
      // A listener may pause or cancel between two commits.
      for (var handle = reader; handle != null && !controller.isPaused; handle = reader) {
        final commit = _next(native, handle, keyspace);
        if (commit == null) return;
        controller.add(commit);
      }
    } on Object catch (error, trace) {
      stop();
      controller.addError(error, trace);
      unawaited(controller.close());
    }
  }

  void start() => timer = Timer.periodic(interval, (_) => poll());
  controller = StreamController(
    sync: true,
    onListen: () {
      reader = native.open((out) => native.functions.changesOpen(keyspace.database, keyspace.handle, since, out));
      start();
    },
    onPause: () => timer?.cancel(),
    onResume: start,
    onCancel: stop,
  );
  return controller.stream;
}

Commit<K, V>? _next<K, V>(Native native, int reader, Keyspace<K, V> keyspace) {
  if (native.check(native.functions.changesPoll(reader, native.memory, native.size)) == 1) return null;
  final memory = native.memory.value;
  try {
    return _decode(Uint8List.fromList(memory.cast<Uint8>().asTypedList(native.size.value)), keyspace);
  } finally {
    native.functions.free(memory);
  }
}

Commit<K, V> _decode<K, V>(Uint8List bytes, Keyspace<K, V> keyspace) {
  final view = ByteData.sublistView(bytes);
  var position = 16;
  Uint8List? take(int length) {
    if (length == 0xFFFFFFFF) return null;
    position += length;
    return Uint8List.sublistView(bytes, position - length, position);
  }

  final changes = List.generate(view.getUint32(8, Endian.little), (_) {
    final kind = ChangeKind.values[view.getUint32(position, Endian.little) - 1];
    final keyBytes = view.getUint32(position + 4, Endian.little);
    final valueBytes = view.getUint32(position + 8, Endian.little);
    position += 12;
    final first = take(keyBytes), second = take(valueBytes);
    final isCatalog = kind == ChangeKind.createKeyspace || kind == ChangeKind.dropKeyspace;
    final isRange = kind == ChangeKind.deleteRange || kind == ChangeKind.load;
    return Change<K, V>(
      kind,
      key: first == null || isCatalog ? null : keyspace.keyCodec.decode(first),
      value: kind == ChangeKind.put ? keyspace.valueCodec.decode(second!) : null,
      end: isRange && second != null ? keyspace.keyCodec.decode(second) : null,
    );
  });
  return Commit(view.getInt64(0, Endian.little), changes);
}

import 'dart:convert';
import 'dart:ffi';
import 'dart:io';
import 'dart:typed_data';

import 'bindings.dart';
import 'key_range.dart';
import 'ldb_exception.dart';
import 'options.dart';

/// The C library as one isolate uses it: its functions, and memory for arguments and results.
final class Native {
  Native._(this.path, DynamicLibrary library)
      : functions = Bindings(library),
        _malloc = _libc.lookupFunction<Pointer<Void> Function(Size), Pointer<Void> Function(int)>('malloc'),
        _free = _libc.lookupFunction<Void Function(Pointer<Void>), void Function(Pointer<Void>)>('free') {
    if (functions.abiVersion() != abiVersion) {
      throw const LdbException(LdbCode.unsupported, 'the C library has another version of the interface');
    }
    _data = malloc(_dataBytes);
  }

  static final DynamicLibrary _libc = DynamicLibrary.process();
  static Native? _instance;

  /// The path of the library; `null` for the default of the platform. Set it before the first use in an isolate.
  static String? libraryPath;

  static Native get instance => _instance ??= _load();

  static Native _load() {
    final path = libraryPath ?? Platform.environment['LDB_LIBRARY'];
    if (path != null) return Native._(path, DynamicLibrary.open(path));
    // Applications for iOS contain the library.
    if (Platform.isIOS) return Native._(null, DynamicLibrary.process());
    if (Platform.isMacOS) return Native._(null, DynamicLibrary.open('libldb.1.dylib'));
    if (Platform.isWindows) return Native._(null, DynamicLibrary.open('ldb.dll'));
    return Native._(null, DynamicLibrary.open(Platform.isAndroid ? 'libldb.so' : 'libldb.so.1'));
  }

  final String? path;
  final Bindings functions;
  final Pointer<Void> Function(int) _malloc;
  final void Function(Pointer<Void>) _free;

  // Keys and values that go in, and values that come out.
  late Pointer<Uint8> _data;
  int _dataBytes = 4096;

  // Memory of results and options, which lives as long as the isolate.
  late final Pointer<Uint64> handle = malloc(8).cast();
  late final Pointer<Size> size = malloc(8).cast();
  late final Pointer<Uint32> number = malloc(4).cast();
  late final Pointer<Pointer<Void>> memory = malloc(8).cast();
  late final Pointer<Size> secondSize = malloc(8).cast();
  late final Pointer<Pointer<Void>> secondMemory = malloc(8).cast();
  late final Pointer<LdbRange> _range = malloc(sizeOf<LdbRange>()).cast();
  late final Pointer<LdbWriteOptions> _write = malloc(sizeOf<LdbWriteOptions>()).cast();

  Pointer<Uint8> malloc(int bytes) {
    final memory = _malloc(bytes == 0 ? 1 : bytes);
    if (memory == nullptr) throw const LdbException(LdbCode.noMemory, 'malloc failed');
    return memory.cast();
  }

  void free(Pointer<NativeType> memory) => _free(memory.cast());

  /// Throws unless a status is `LDB_OK` or a positive answer. Called right after the function, in the same thread.
  int check(int status) {
    if (status < 0) throw LdbException.of(status, textOf(functions.lastError()));
    return status;
  }

  String textOf(Pointer<Char> text) {
    final bytes = text.cast<Uint8>();
    var length = 0;
    while (bytes[length] != 0) {
      length++;
    }
    return utf8.decode(bytes.asTypedList(length), allowMalformed: true);
  }

  /// Returns memory with a text and a zero byte, which the caller frees.
  Pointer<Char> copyText(String text) {
    final bytes = utf8.encode(text);
    if (bytes.contains(0)) throw const LdbException(LdbCode.invalidArgument, 'the text has a zero character');
    final copy = malloc(bytes.length + 1);
    copy.asTypedList(bytes.length).setAll(0, bytes);
    copy[bytes.length] = 0;
    return copy.cast();
  }

  T withText<T>(String text, T Function(Pointer<Char>) use) {
    final copy = copyText(text);
    try {
      return use(copy);
    } finally {
      free(copy);
    }
  }

  /// Copies bytes that go in. The pointers are valid until the next call of this function.
  (Pointer<Void>, Pointer<Void>) copyIn(Uint8List first, [Uint8List? second]) {
    final total = first.length + (second?.length ?? 0);
    _reserve(total);
    _data.asTypedList(first.length).setAll(0, first);
    final after = _data + first.length;
    if (second != null) after.asTypedList(second.length).setAll(0, second);
    return (_data.cast(), after.cast());
  }

  void _reserve(int bytes) {
    if (bytes <= _dataBytes) return;
    final larger = malloc(bytes * 2);
    larger.asTypedList(_dataBytes).setAll(0, _data.asTypedList(_dataBytes));
    free(_data);
    _data = larger;
    _dataBytes = bytes * 2;
  }

  /// Calls a get with a buffer behind the key, and again with a larger one if it is too small.
  Uint8List? get(int keyspace, Uint8List key, {bool forUpdate = false}) {
    final function = forUpdate ? functions.getForUpdate : functions.get;
    var capacity = _dataBytes - key.length;
    while (true) {
      if (capacity < 64) capacity = 64;
      _reserve(key.length + capacity);
      final (source, target) = copyIn(key);
      final status = check(function(keyspace, source, key.length, target, capacity, size));
      if (status == 1) return null;
      if (status == 0) return Uint8List.fromList(target.cast<Uint8>().asTypedList(size.value));
      capacity = size.value;
    }
  }

  /// Returns JSON that a function has allocated.
  Object? json(int Function(Pointer<Pointer<Char>>) call) {
    check(call(memory.cast()));
    final text = memory.value;
    try {
      return jsonDecode(textOf(text.cast()));
    } finally {
      functions.free(text);
    }
  }

  /// Options of a write; `nullptr` for the defaults.
  Pointer<LdbWriteOptions> writeOptions(Durability? durability, Duration? ttl) {
    if (durability == null && ttl == null) return nullptr;
    _write.ref
      ..size = sizeOf<LdbWriteOptions>()
      ..durability = durability?.number ?? 0
      ..ttl_ms = ttlMilliseconds(ttl);
    return _write;
  }

  /// A range with bounds that are copied in: valid until the next call of [copyIn].
  Pointer<LdbRange> range(ByteRange range) {
    final (lower, upper) = copyIn(range.lower ?? Uint8List(0), range.upper ?? Uint8List(0));
    _range.ref
      ..size = sizeOf<LdbRange>()
      ..bounds = range.bounds
      ..lower = lower
      ..lower_bytes = range.lower?.length ?? 0
      ..upper = upper
      ..upper_bytes = range.upper?.length ?? 0;
    return _range;
  }

  /// Returns the handle that a function stores.
  int open(int Function(Pointer<Uint64>) call) {
    check(call(handle));
    return handle.value;
  }

  /// Closes handles of objects that were not closed by the program.
  static final Finalizer<int> handles = Finalizer((handle) => instance.functions.close(handle));
}

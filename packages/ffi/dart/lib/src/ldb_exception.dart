/// The codes of failures: the names and numbers of `ldb.h`.
enum LdbCode {
  invalidArgument('LDB_INVALID_ARGUMENT', -1),
  closed('LDB_CLOSED', -2),
  notFound('LDB_NOT_FOUND', -3),
  exists('LDB_EXISTS', -4),
  locked('LDB_LOCKED', -5),
  conflict('LDB_CONFLICT', -6),
  readOnly('LDB_READ_ONLY', -7),
  tooLarge('LDB_TOO_LARGE', -8),
  noSpace('LDB_NO_SPACE', -9),
  io('LDB_IO', -10),
  poisoned('LDB_POISONED', -11),
  commitUnknown('LDB_COMMIT_UNKNOWN', -12),
  corruption('LDB_CORRUPTION', -13),
  format('LDB_FORMAT', -14),
  key('LDB_KEY', -15),
  unsupported('LDB_UNSUPPORTED', -16),
  aborted('LDB_ABORTED', -17),
  invariant('LDB_INVARIANT', -18),
  noMemory('LDB_NO_MEMORY', -19),
  forked('LDB_FORKED', -20);

  const LdbCode(this.name, this.status);

  /// The name in every language, for instance `LDB_LOCKED`.
  final String name;

  /// The status of the C library.
  final int status;
}

/// A failure of the database. Test [code] or the class; the message is for people.
class LdbException implements Exception {
  const LdbException(this.code, this.message);

  /// Returns the exception of a status: of its own class where callers often handle it.
  factory LdbException.of(int status, String message) {
    final code = LdbCode.values.where((code) => code.status == status).firstOrNull ?? LdbCode.invariant;
    return switch (code) {
      LdbCode.closed => LdbClosedException(message),
      LdbCode.notFound => LdbNotFoundException(message),
      LdbCode.locked => LdbLockedException(message),
      LdbCode.conflict => LdbConflictException(message),
      LdbCode.readOnly => LdbReadOnlyException(message),
      LdbCode.noSpace => LdbNoSpaceException(message),
      LdbCode.corruption => LdbCorruptionException(message),
      LdbCode.key => LdbKeyException(message),
      _ => LdbException(code, message),
    };
  }

  final LdbCode code;
  final String message;

  @override
  String toString() => '${code.name}: $message';
}

/// Use after close, or after the end of a transaction.
class LdbClosedException extends LdbException {
  const LdbClosedException(String message) : super(LdbCode.closed, message);
}

/// No database, keyspace or savepoint of that name, or changes that the log no longer has.
class LdbNotFoundException extends LdbException {
  const LdbNotFoundException(String message) : super(LdbCode.notFound, message);
}

/// Another process has opened the database.
class LdbLockedException extends LdbException {
  const LdbLockedException(String message) : super(LdbCode.locked, message);
}

/// The transaction lost to another commit: run it again.
class LdbConflictException extends LdbException {
  const LdbConflictException(String message) : super(LdbCode.conflict, message);
}

/// A write to a read-only database, transaction or snapshot.
class LdbReadOnlyException extends LdbException {
  const LdbReadOnlyException(String message) : super(LdbCode.readOnly, message);
}

/// The device or the quota is full. Nothing acknowledged is lost.
class LdbNoSpaceException extends LdbException {
  const LdbNoSpaceException(String message) : super(LdbCode.noSpace, message);
}

/// Bytes do not match their checksum. The message names file and offset.
class LdbCorruptionException extends LdbException {
  const LdbCorruptionException(String message) : super(LdbCode.corruption, message);
}

/// The encryption key is missing, wrong or needless.
class LdbKeyException extends LdbException {
  const LdbKeyException(String message) : super(LdbCode.key, message);
}

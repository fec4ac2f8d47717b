import 'dart:typed_data';

import 'codec.dart';

/// A range of keys in byte order, for instance `KeyRange(gte: 'a', lt: 'b')`.
final class KeyRange<K> {
  const KeyRange({this.gte, this.gt, this.lt, this.lte, this.prefix, this.reverse = false});

  final K? gte;
  final K? gt;
  final K? lt;
  final K? lte;

  /// Keys whose bytes begin with those of this one.
  final K? prefix;

  /// From the last entry to the first.
  final bool reverse;

  ByteRange encode(LdbCodec<K> codec) {
    final bounds = [if (gte != null) 1, if (gt != null) 2, if (lt != null) 4, if (lte != null) 8, if (prefix != null) 16];
    final lower = gte ?? gt ?? prefix;
    final upper = lt ?? lte;
    return ByteRange(
      bounds.fold(reverse ? 32 : 0, (bits, bit) => bits | bit),
      lower == null ? null : codec.encode(lower),
      upper == null ? null : codec.encode(upper),
    );
  }
}

/// A range as the C library takes it, which also refuses bounds that exclude each other.
final class ByteRange {
  const ByteRange(this.bounds, this.lower, this.upper);

  final int bounds;
  final Uint8List? lower;
  final Uint8List? upper;
}

;; LZ4 blocks: FORMAT.md. The source of lz4-module.ts, which a test compares with this file.
;;
;; The memory begins with the table of the compressor and the table of a dictionary, 16 KiB each. The caller puts the input behind them and the
;; output behind the input, each followed by at least 32 bytes that mean nothing: copies proceed in steps of 16 bytes, and may read and write
;; up to 15 bytes behind their end. A dictionary directly precedes what it is the history of: the bytes that are compressed, or the output.
(module
  (memory (export "memory") 3)

  ;; An entry of the table is $base plus the position of the newest bytes with its hash, plus one. Entries of earlier inputs are at most
  ;; $base, so that the table is not cleared for each input.
  (global $base (mut i32) (i32.const 0))

  ;; Returns the offset of the table entry for the five bytes at the low end of $word.
  (func $slot (param $word i64) (result i32)
    (i32.shl
      (i32.wrap_i64
        (i64.shr_u (i64.mul (i64.shl (local.get $word) (i64.const 24)) (i64.const 889523592379)) (i64.const 52)))
      (i32.const 2)))

  ;; Copies what follows the first 16 bytes, which the caller has copied. The source is at least 16 bytes before the target, or elsewhere.
  (func $copy_rest (param $target i32) (param $source i32) (param $bytes i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $target) (local.get $bytes)))
    (local.set $target (i32.add (local.get $target) (i32.const 16)))
    (local.set $source (i32.add (local.get $source) (i32.const 16)))
    (loop $more
      (v128.store align=1 (local.get $target) (v128.load align=1 (local.get $source)))
      (local.set $target (i32.add (local.get $target) (i32.const 16)))
      (local.set $source (i32.add (local.get $source) (i32.const 16)))
      (br_if $more (i32.lt_u (local.get $target) (local.get $end)))))

  ;; Writes the rest of a length behind a token. Returns the end.
  (func $write_length (param $rest i32) (param $at i32) (result i32)
    (block $last
      (loop $more
        (br_if $last (i32.lt_u (local.get $rest) (i32.const 255)))
        (i32.store8 (local.get $at) (i32.const 255))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $rest (i32.sub (local.get $rest) (i32.const 255)))
        (br $more)))
    (i32.store8 (local.get $at) (local.get $rest))
    (i32.add (local.get $at) (i32.const 1)))

  ;; Returns the first position from $at on whose byte differs from the one $offset bytes before it, or $limit.
  (func $end_of_match (param $at i32) (param $offset i32) (param $limit i32) (result i32)
    (local $difference i64)
    (block $tail
      (loop $more
        (br_if $tail (i32.gt_u (i32.add (local.get $at) (i32.const 8)) (local.get $limit)))
        (local.set $difference
          (i64.xor
            (i64.load align=1 (local.get $at))
            (i64.load align=1 (i32.sub (local.get $at) (local.get $offset)))))
        (if (i64.ne (local.get $difference) (i64.const 0))
          (then
            (return
              (i32.add
                (local.get $at)
                (i32.wrap_i64 (i64.shr_u (i64.ctz (local.get $difference)) (i64.const 3)))))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br $more)))
    (block $done
      (loop $more
        (br_if $done (i32.ge_u (local.get $at) (local.get $limit)))
        (br_if $done
          (i32.ne (i32.load8_u (local.get $at)) (i32.load8_u (i32.sub (local.get $at) (local.get $offset)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $more)))
    (local.get $at))

  ;; Writes $literal_bytes literals from $literals on, and the match behind them; $match_bytes is 0 for the last sequence.
  ;; Returns the end; 0 when it would be behind $limit.
  (func $write_sequence
    (param $literals i32) (param $literal_bytes i32) (param $offset i32) (param $match_bytes i32)
    (param $at i32) (param $limit i32) (result i32)
    (local $token_at i32) (local $token i32) (local $rest i32) (local $fixed i32)
    (local.set $fixed (i32.const 2))
    (if (local.get $match_bytes)
      (then
        (local.set $rest (i32.sub (local.get $match_bytes) (i32.const 4)))
        (local.set $fixed (i32.const 5))))
    (if
      (i32.gt_u
        (i32.add
          (i32.add (i32.add (local.get $at) (local.get $literal_bytes)) (local.get $fixed))
          (i32.add
            (i32.div_u (local.get $literal_bytes) (i32.const 255))
            (i32.div_u (local.get $rest) (i32.const 255))))
        (local.get $limit))
      (then (return (i32.const 0))))
    (local.set $token_at (local.get $at))
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (if (i32.lt_u (local.get $literal_bytes) (i32.const 15))
      (then (local.set $token (i32.shl (local.get $literal_bytes) (i32.const 4))))
      (else
        (local.set $token (i32.const 240))
        (local.set $at
          (call $write_length (i32.sub (local.get $literal_bytes) (i32.const 15)) (local.get $at)))))
    (v128.store align=1 (local.get $at) (v128.load align=1 (local.get $literals)))
    (if (i32.gt_u (local.get $literal_bytes) (i32.const 16))
      (then (call $copy_rest (local.get $at) (local.get $literals) (local.get $literal_bytes))))
    (local.set $at (i32.add (local.get $at) (local.get $literal_bytes)))
    (if (local.get $match_bytes)
      (then
        (i32.store16 align=1 (local.get $at) (local.get $offset))
        (local.set $at (i32.add (local.get $at) (i32.const 2)))
        (if (i32.lt_u (local.get $rest) (i32.const 15))
          (then (local.set $token (i32.or (local.get $token) (local.get $rest))))
          (else
            (local.set $token (i32.or (local.get $token) (i32.const 15)))
            (local.set $at (call $write_length (i32.sub (local.get $rest) (i32.const 15)) (local.get $at)))))))
    (i32.store8 (local.get $token_at) (local.get $token))
    (local.get $at))

  ;; Fills the table of the dictionary with the positions of the $bytes bytes at $source, plus one. Of equal hashes, the last remains.
  (func (export "index") (param $source i32) (param $bytes i32)
    (local $at i32) (local $last i32)
    (memory.fill (i32.const 16384) (i32.const 0) (i32.const 16384))
    (local.set $at (local.get $source))
    (local.set $last (i32.sub (i32.add (local.get $source) (local.get $bytes)) (i32.const 8)))
    (block $done
      (loop $more
        (br_if $done (i32.gt_s (local.get $at) (local.get $last)))
        (i32.store offset=16384
          (call $slot (i64.load align=1 (local.get $at)))
          (i32.add (i32.sub (local.get $at) (local.get $source)) (i32.const 1)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $more))))

  ;; Compresses $bytes bytes, more than 12, to at most $bytes_max bytes at $target. Returns their number; 0 when it would be greater. The
  ;; $history bytes before $source are the dictionary that the table has; together they are at most 65,535 bytes, unless $history is 0.
  (func (export "compress")
    (param $source i32) (param $bytes i32) (param $target i32) (param $bytes_max i32) (param $history i32) (result i32)
    (local $base i32) (local $at i32) (local $literals i32) (local $last_match i32) (local $match_end i32)
    (local $out i32) (local $limit i32) (local $misses i32) (local $word i64) (local $slot i32) (local $entry i32)
    (local $match i32) (local $stop i32) (local $start i32)
    (local.set $start (i32.sub (local.get $source) (local.get $history)))
    (local.set $base (global.get $base))
    (if (i32.gt_u (local.get $base) (i32.const 0x40000000))
      (then
        (memory.fill (i32.const 0) (i32.const 0) (i32.const 16384))
        (local.set $base (i32.const 0))))
    (global.set $base (i32.add (local.get $base) (local.get $bytes)))
    (local.set $at (local.get $source))
    (local.set $literals (local.get $source))
    (local.set $last_match (i32.sub (i32.add (local.get $source) (local.get $bytes)) (i32.const 12)))
    (local.set $match_end (i32.add (local.get $last_match) (i32.const 7)))
    (local.set $out (local.get $target))
    (local.set $limit (i32.add (local.get $target) (local.get $bytes_max)))
    (local.set $misses (i32.const 64))
    (block $done
      (loop $search
        (br_if $done (i32.gt_u (local.get $at) (local.get $last_match)))
        (local.set $word (i64.load align=1 (local.get $at)))
        ;; As $slot, without a call.
        (local.set $slot
          (i32.shl
            (i32.wrap_i64
              (i64.shr_u
                (i64.mul (i64.shl (local.get $word) (i64.const 24)) (i64.const 889523592379))
                (i64.const 52)))
            (i32.const 2)))
        (local.set $entry (i32.load (local.get $slot)))
        (i32.store (local.get $slot)
          (i32.add (i32.sub (i32.add (local.get $base) (local.get $at)) (local.get $source)) (i32.const 1)))
        (block $miss
          (block $found
            (block $absent
              (br_if $absent (i32.le_u (local.get $entry) (local.get $base)))
              (local.set $match
                (i32.sub (i32.sub (i32.add (local.get $source) (local.get $entry)) (local.get $base)) (i32.const 1)))
              (br_if $absent (i32.gt_u (i32.sub (local.get $at) (local.get $match)) (i32.const 65535)))
              (br_if $found (i32.eq (i32.load align=1 (local.get $match)) (i32.wrap_i64 (local.get $word)))))
            (br_if $miss (i32.eqz (local.get $history)))
            (local.set $entry (i32.load offset=16384 (local.get $slot)))
            (br_if $miss (i32.eqz (local.get $entry)))
            (local.set $match (i32.sub (i32.add (local.get $start) (local.get $entry)) (i32.const 1)))
            (br_if $miss (i32.ne (i32.load align=1 (local.get $match)) (i32.wrap_i64 (local.get $word)))))
          (local.set $misses (i32.const 64))
          (local.set $stop
            (call $end_of_match
              (i32.add (local.get $at) (i32.const 4))
              (i32.sub (local.get $at) (local.get $match))
              (local.get $match_end)))
          (block $back_done
            (loop $back
              (br_if $back_done (i32.le_u (local.get $at) (local.get $literals)))
              (br_if $back_done (i32.le_u (local.get $match) (local.get $start)))
              (br_if $back_done
                (i32.ne
                  (i32.load8_u (i32.sub (local.get $at) (i32.const 1)))
                  (i32.load8_u (i32.sub (local.get $match) (i32.const 1)))))
              (local.set $at (i32.sub (local.get $at) (i32.const 1)))
              (local.set $match (i32.sub (local.get $match) (i32.const 1)))
              (br $back)))
          (local.set $out
            (call $write_sequence
              (local.get $literals)
              (i32.sub (local.get $at) (local.get $literals))
              (i32.sub (local.get $at) (local.get $match))
              (i32.sub (local.get $stop) (local.get $at))
              (local.get $out)
              (local.get $limit)))
          (if (i32.eqz (local.get $out)) (then (return (i32.const 0))))
          (local.set $at (local.get $stop))
          (local.set $literals (local.get $stop))
          ;; The next match often begins near the end of this one.
          (i32.store
            (call $slot (i64.load align=1 (i32.sub (local.get $at) (i32.const 2))))
            (i32.sub (i32.sub (i32.add (local.get $base) (local.get $at)) (local.get $source)) (i32.const 1)))
          (br $search))
        (local.set $at (i32.add (local.get $at) (i32.shr_u (local.get $misses) (i32.const 6))))
        (local.set $misses (i32.add (local.get $misses) (i32.const 1)))
        (br $search)))
    (local.set $out
      (call $write_sequence
        (local.get $literals)
        (i32.sub (i32.add (local.get $source) (local.get $bytes)) (local.get $literals))
        (i32.const 0)
        (i32.const 0)
        (local.get $out)
        (local.get $limit)))
    (if (result i32) (local.get $out)
      (then (i32.sub (local.get $out) (local.get $target)))
      (else (i32.const 0))))

  ;; Decompresses the block of $bytes bytes at $source to $target. Returns 1 when it is intact and stands for exactly $raw_bytes bytes.
  ;; Every length and offset is checked before its bytes are read or written. The $history bytes before $target are the dictionary.
  (func (export "decompress")
    (param $source i32) (param $bytes i32) (param $target i32) (param $raw_bytes i32) (param $history i32) (result i32)
    (local $in i32) (local $in_end i32) (local $out i32) (local $out_end i32) (local $token i32)
    (local $length i32) (local $byte i32) (local $offset i32) (local $from i32) (local $stop i32) (local $start i32)
    (local.set $in (local.get $source))
    (local.set $in_end (i32.add (local.get $source) (local.get $bytes)))
    (local.set $out (local.get $target))
    (local.set $out_end (i32.add (local.get $target) (local.get $raw_bytes)))
    (local.set $start (i32.sub (local.get $target) (local.get $history)))
    (loop $sequence
      (if (i32.ge_u (local.get $in) (local.get $in_end)) (then (return (i32.const 0))))
      (local.set $token (i32.load8_u (local.get $in)))
      (local.set $in (i32.add (local.get $in) (i32.const 1)))
      (local.set $length (i32.shr_u (local.get $token) (i32.const 4)))
      (if (i32.eq (local.get $length) (i32.const 15))
        (then
          (loop $more
            ;; A length beyond the output never becomes valid again, and its sum must not overflow.
            (if
              (i32.or
                (i32.ge_u (local.get $in) (local.get $in_end))
                (i32.gt_u (local.get $length) (local.get $raw_bytes)))
              (then (return (i32.const 0))))
            (local.set $byte (i32.load8_u (local.get $in)))
            (local.set $in (i32.add (local.get $in) (i32.const 1)))
            (local.set $length (i32.add (local.get $length) (local.get $byte)))
            (br_if $more (i32.eq (local.get $byte) (i32.const 255))))))
      (if
        (i32.or
          (i32.gt_u (local.get $length) (i32.sub (local.get $in_end) (local.get $in)))
          (i32.gt_u (local.get $length) (i32.sub (local.get $out_end) (local.get $out))))
        (then (return (i32.const 0))))
      (v128.store align=1 (local.get $out) (v128.load align=1 (local.get $in)))
      (if (i32.gt_u (local.get $length) (i32.const 16))
        (then (call $copy_rest (local.get $out) (local.get $in) (local.get $length))))
      (local.set $in (i32.add (local.get $in) (local.get $length)))
      (local.set $out (i32.add (local.get $out) (local.get $length)))
      ;; Only the last sequence has no match.
      (if (i32.eq (local.get $in) (local.get $in_end))
        (then (return (i32.eq (local.get $out) (local.get $out_end)))))
      (if (i32.lt_u (i32.sub (local.get $in_end) (local.get $in)) (i32.const 2)) (then (return (i32.const 0))))
      (local.set $offset (i32.load16_u align=1 (local.get $in)))
      (local.set $in (i32.add (local.get $in) (i32.const 2)))
      (if
        (i32.or
          (i32.eqz (local.get $offset))
          (i32.gt_u (local.get $offset) (i32.sub (local.get $out) (local.get $start))))
        (then (return (i32.const 0))))
      (local.set $length (i32.add (i32.and (local.get $token) (i32.const 15)) (i32.const 4)))
      (if (i32.eq (local.get $length) (i32.const 19))
        (then
          (loop $more
            (if
              (i32.or
                (i32.ge_u (local.get $in) (local.get $in_end))
                (i32.gt_u (local.get $length) (i32.add (local.get $raw_bytes) (i32.const 4))))
              (then (return (i32.const 0))))
            (local.set $byte (i32.load8_u (local.get $in)))
            (local.set $in (i32.add (local.get $in) (i32.const 1)))
            (local.set $length (i32.add (local.get $length) (local.get $byte)))
            (br_if $more (i32.eq (local.get $byte) (i32.const 255))))))
      (if (i32.gt_u (local.get $length) (i32.sub (local.get $out_end) (local.get $out)))
        (then (return (i32.const 0))))
      (local.set $from (i32.sub (local.get $out) (local.get $offset)))
      (local.set $stop (i32.add (local.get $out) (local.get $length)))
      (if (i32.ge_u (local.get $offset) (i32.const 16))
        (then
          (v128.store align=1 (local.get $out) (v128.load align=1 (local.get $from)))
          (if (i32.gt_u (local.get $length) (i32.const 16))
            (then (call $copy_rest (local.get $out) (local.get $from) (local.get $length)))))
        (else (call $repeat (local.get $out) (local.get $offset) (local.get $stop))))
      (local.set $out (local.get $stop))
      (br $sequence))
    (unreachable))

  ;; Repeats the $offset bytes before $at, 15 or fewer, up to $stop.
  (func $repeat (param $at i32) (param $offset i32) (param $stop i32)
    (local $period i32) (local $bytes_end i32)
    ;; Eight bytes one by one. From there on, what is a multiple of the offset and at least eight bytes before is present in steps of eight.
    (local.set $bytes_end (i32.add (local.get $at) (i32.const 8)))
    (local.set $period (local.get $offset))
    (loop $more
      (i32.store8 (local.get $at) (i32.load8_u (i32.sub (local.get $at) (local.get $offset))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $at) (local.get $bytes_end))))
    (block $long
      (loop $more
        (br_if $long (i32.ge_u (local.get $period) (i32.const 8)))
        (local.set $period (i32.add (local.get $period) (local.get $offset)))
        (br $more)))
    (block $done
      (loop $more
        (br_if $done (i32.ge_u (local.get $at) (local.get $stop)))
        (i64.store align=1 (local.get $at) (i64.load align=1 (i32.sub (local.get $at) (local.get $period))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br $more)))))

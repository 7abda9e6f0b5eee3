import Array "mo:core/Array";
import Blob "mo:core/Blob";
import Nat16 "mo:core/Nat16";
import Nat32 "mo:core/Nat32";
import Nat64 "mo:core/Nat64";
import Nat8 "mo:core/Nat8";
import VarArray "mo:core/VarArray";

/// Resumable SHA-256: the state is a stable type, so one hash may span many messages.
/// @source FIPS 180-4
module {
  /// `tail` holds the bytes (fewer than 64) that do not fill a block yet; `length` counts all bytes written.
  public type State = { h : [var Nat32]; var tail : Blob; var length : Nat64 };

  let block = 64;
  let shifts : [Nat32] = [24, 16, 8, 0];

  /// The state before the first byte.
  public func start() : State {
    {
      h = [var 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
      var tail = "";
      var length = 0;
    };
  };

  /// Adds any number of bytes: about 300 instructions per byte.
  public func write(self : State, data : Blob) {
    self.length +%= Nat64.fromNat(data.size());
    let pending = self.tail.size();
    if (pending + data.size() < block) {
      self.tail := concat(self.tail, data);
      return;
    };
    let filling : Nat = if (pending == 0) 0 else block - pending;
    if (filling > 0) compress(self.h, concat(self.tail, slice(data, 0, filling)), 0, 1);
    let blocks = (data.size() - filling : Nat) / block;
    compress(self.h, data, filling, blocks);
    self.tail := slice(data, filling + blocks * block, data.size());
  };

  /// The hash of everything written, 32 bytes. The state cannot be used afterwards.
  public func finish(self : State) : Blob {
    let last = padded([self.tail], self.length);
    compress(self.h, last, 0, last.size() / block);
    digest(self.h);
  };

  /// SHA-256 of one blob of any size.
  public func hash(data : Blob) : Blob {
    let state = start();
    state.write(data);
    state.finish();
  };

  /// SHA-256 of the concatenated parts. They are joined first: meant for short ones.
  public func hashParts(parts : [Blob]) : Blob {
    var length = 0;
    for (part in parts.values()) length += part.size();
    let message = padded(parts, Nat64.fromNat(length));
    let { h } = start();
    compress(h, message, 0, message.size() / block);
    digest(h);
  };

  /// The parts joined and padded to whole blocks: a one bit, zeros, the length of the whole message in bits.
  func padded(parts : [Blob], length : Nat64) : Blob {
    var size = 9;
    for (part in parts.values()) size += part.size();
    size := (size + block - 1) / block * block;
    let bytes = VarArray.repeat<Nat8>(0, size);
    var at = 0;
    for (part in parts.values()) {
      for (byte in part.values()) {
        bytes[at] := byte;
        at += 1;
      };
    };
    bytes[at] := 0x80;
    var bits = length *% 8;
    while (bits > 0) {
      size -= 1;
      bytes[size] := Nat8.fromIntWrap(bits.toNat());
      bits >>= 8;
    };
    Blob.fromVarArray(bytes);
  };

  func digest(h : [var Nat32]) : Blob {
    Blob.fromArray(Array.tabulate(32, func i = Nat8.fromIntWrap(Nat32.toNat(h[i / 4] >> shifts[i % 4]))));
  };

  func slice(data : Blob, from : Nat, to : Nat) : Blob {
    Blob.fromArray(Array.tabulate(to - from : Nat, func i = data[from + i]));
  };

  func concat(left : Blob, right : Blob) : Blob {
    let edge = left.size();
    Blob.fromArray(Array.tabulate(edge + right.size(), func i = if (i < edge) left[i] else right[i - edge]));
  };

  // Unrolled, the sixteen words of the schedule in local variables: a third of the cost of arrays and loops.
  func compress(state : [var Nat32], data : Blob, from : Nat, blocks : Nat) {
    func word(at : Nat) : Nat32 {
      Nat32.fromNat16(Nat16.fromNat8(data[at]) << 8 | Nat16.fromNat8(data[at + 1])) << 16 | Nat32.fromNat16(
        Nat16.fromNat8(data[at + 2]) << 8 | Nat16.fromNat8(data[at + 3])
      );
    };
    var a = state[0];
    var b = state[1];
    var c = state[2];
    var d = state[3];
    var e = state[4];
    var f = state[5];
    var g = state[6];
    var h = state[7];
    var at = from;
    let end = from + blocks * block;
    while (at < end) {
      let a0 = a;
      let b0 = b;
      let c0 = c;
      let d0 = d;
      let e0 = e;
      let f0 = f;
      let g0 = g;
      let h0 = h;
      var w0 = word(at);
      h +%= (e <>> 6 ^ e <>> 11 ^ e <>> 25) +% (g ^ (e & (f ^ g))) +% 0x428a2f98 +% w0;
      d +%= h;
      h +%= (a <>> 2 ^ a <>> 13 ^ a <>> 22) +% ((a & b) | (c & (a | b)));
      var w1 = word(at + 4);
      g +%= (d <>> 6 ^ d <>> 11 ^ d <>> 25) +% (f ^ (d & (e ^ f))) +% 0x71374491 +% w1;
      c +%= g;
      g +%= (h <>> 2 ^ h <>> 13 ^ h <>> 22) +% ((h & a) | (b & (h | a)));
      var w2 = word(at + 8);
      f +%= (c <>> 6 ^ c <>> 11 ^ c <>> 25) +% (e ^ (c & (d ^ e))) +% 0xb5c0fbcf +% w2;
      b +%= f;
      f +%= (g <>> 2 ^ g <>> 13 ^ g <>> 22) +% ((g & h) | (a & (g | h)));
      var w3 = word(at + 12);
      e +%= (b <>> 6 ^ b <>> 11 ^ b <>> 25) +% (d ^ (b & (c ^ d))) +% 0xe9b5dba5 +% w3;
      a +%= e;
      e +%= (f <>> 2 ^ f <>> 13 ^ f <>> 22) +% ((f & g) | (h & (f | g)));
      var w4 = word(at + 16);
      d +%= (a <>> 6 ^ a <>> 11 ^ a <>> 25) +% (c ^ (a & (b ^ c))) +% 0x3956c25b +% w4;
      h +%= d;
      d +%= (e <>> 2 ^ e <>> 13 ^ e <>> 22) +% ((e & f) | (g & (e | f)));
      var w5 = word(at + 20);
      c +%= (h <>> 6 ^ h <>> 11 ^ h <>> 25) +% (b ^ (h & (a ^ b))) +% 0x59f111f1 +% w5;
      g +%= c;
      c +%= (d <>> 2 ^ d <>> 13 ^ d <>> 22) +% ((d & e) | (f & (d | e)));
      var w6 = word(at + 24);
      b +%= (g <>> 6 ^ g <>> 11 ^ g <>> 25) +% (a ^ (g & (h ^ a))) +% 0x923f82a4 +% w6;
      f +%= b;
      b +%= (c <>> 2 ^ c <>> 13 ^ c <>> 22) +% ((c & d) | (e & (c | d)));
      var w7 = word(at + 28);
      a +%= (f <>> 6 ^ f <>> 11 ^ f <>> 25) +% (h ^ (f & (g ^ h))) +% 0xab1c5ed5 +% w7;
      e +%= a;
      a +%= (b <>> 2 ^ b <>> 13 ^ b <>> 22) +% ((b & c) | (d & (b | c)));
      var w8 = word(at + 32);
      h +%= (e <>> 6 ^ e <>> 11 ^ e <>> 25) +% (g ^ (e & (f ^ g))) +% 0xd807aa98 +% w8;
      d +%= h;
      h +%= (a <>> 2 ^ a <>> 13 ^ a <>> 22) +% ((a & b) | (c & (a | b)));
      var w9 = word(at + 36);
      g +%= (d <>> 6 ^ d <>> 11 ^ d <>> 25) +% (f ^ (d & (e ^ f))) +% 0x12835b01 +% w9;
      c +%= g;
      g +%= (h <>> 2 ^ h <>> 13 ^ h <>> 22) +% ((h & a) | (b & (h | a)));
      var w10 = word(at + 40);
      f +%= (c <>> 6 ^ c <>> 11 ^ c <>> 25) +% (e ^ (c & (d ^ e))) +% 0x243185be +% w10;
      b +%= f;
      f +%= (g <>> 2 ^ g <>> 13 ^ g <>> 22) +% ((g & h) | (a & (g | h)));
      var w11 = word(at + 44);
      e +%= (b <>> 6 ^ b <>> 11 ^ b <>> 25) +% (d ^ (b & (c ^ d))) +% 0x550c7dc3 +% w11;
      a +%= e;
      e +%= (f <>> 2 ^ f <>> 13 ^ f <>> 22) +% ((f & g) | (h & (f | g)));
      var w12 = word(at + 48);
      d +%= (a <>> 6 ^ a <>> 11 ^ a <>> 25) +% (c ^ (a & (b ^ c))) +% 0x72be5d74 +% w12;
      h +%= d;
      d +%= (e <>> 2 ^ e <>> 13 ^ e <>> 22) +% ((e & f) | (g & (e | f)));
      var w13 = word(at + 52);
      c +%= (h <>> 6 ^ h <>> 11 ^ h <>> 25) +% (b ^ (h & (a ^ b))) +% 0x80deb1fe +% w13;
      g +%= c;
      c +%= (d <>> 2 ^ d <>> 13 ^ d <>> 22) +% ((d & e) | (f & (d | e)));
      var w14 = word(at + 56);
      b +%= (g <>> 6 ^ g <>> 11 ^ g <>> 25) +% (a ^ (g & (h ^ a))) +% 0x9bdc06a7 +% w14;
      f +%= b;
      b +%= (c <>> 2 ^ c <>> 13 ^ c <>> 22) +% ((c & d) | (e & (c | d)));
      var w15 = word(at + 60);
      a +%= (f <>> 6 ^ f <>> 11 ^ f <>> 25) +% (h ^ (f & (g ^ h))) +% 0xc19bf174 +% w15;
      e +%= a;
      a +%= (b <>> 2 ^ b <>> 13 ^ b <>> 22) +% ((b & c) | (d & (b | c)));
      w0 +%= (w1 <>> 7 ^ w1 <>> 18 ^ w1 >> 3) +% w9 +% (w14 <>> 17 ^ w14 <>> 19 ^ w14 >> 10);
      h +%= (e <>> 6 ^ e <>> 11 ^ e <>> 25) +% (g ^ (e & (f ^ g))) +% 0xe49b69c1 +% w0;
      d +%= h;
      h +%= (a <>> 2 ^ a <>> 13 ^ a <>> 22) +% ((a & b) | (c & (a | b)));
      w1 +%= (w2 <>> 7 ^ w2 <>> 18 ^ w2 >> 3) +% w10 +% (w15 <>> 17 ^ w15 <>> 19 ^ w15 >> 10);
      g +%= (d <>> 6 ^ d <>> 11 ^ d <>> 25) +% (f ^ (d & (e ^ f))) +% 0xefbe4786 +% w1;
      c +%= g;
      g +%= (h <>> 2 ^ h <>> 13 ^ h <>> 22) +% ((h & a) | (b & (h | a)));
      w2 +%= (w3 <>> 7 ^ w3 <>> 18 ^ w3 >> 3) +% w11 +% (w0 <>> 17 ^ w0 <>> 19 ^ w0 >> 10);
      f +%= (c <>> 6 ^ c <>> 11 ^ c <>> 25) +% (e ^ (c & (d ^ e))) +% 0x0fc19dc6 +% w2;
      b +%= f;
      f +%= (g <>> 2 ^ g <>> 13 ^ g <>> 22) +% ((g & h) | (a & (g | h)));
      w3 +%= (w4 <>> 7 ^ w4 <>> 18 ^ w4 >> 3) +% w12 +% (w1 <>> 17 ^ w1 <>> 19 ^ w1 >> 10);
      e +%= (b <>> 6 ^ b <>> 11 ^ b <>> 25) +% (d ^ (b & (c ^ d))) +% 0x240ca1cc +% w3;
      a +%= e;
      e +%= (f <>> 2 ^ f <>> 13 ^ f <>> 22) +% ((f & g) | (h & (f | g)));
      w4 +%= (w5 <>> 7 ^ w5 <>> 18 ^ w5 >> 3) +% w13 +% (w2 <>> 17 ^ w2 <>> 19 ^ w2 >> 10);
      d +%= (a <>> 6 ^ a <>> 11 ^ a <>> 25) +% (c ^ (a & (b ^ c))) +% 0x2de92c6f +% w4;
      h +%= d;
      d +%= (e <>> 2 ^ e <>> 13 ^ e <>> 22) +% ((e & f) | (g & (e | f)));
      w5 +%= (w6 <>> 7 ^ w6 <>> 18 ^ w6 >> 3) +% w14 +% (w3 <>> 17 ^ w3 <>> 19 ^ w3 >> 10);
      c +%= (h <>> 6 ^ h <>> 11 ^ h <>> 25) +% (b ^ (h & (a ^ b))) +% 0x4a7484aa +% w5;
      g +%= c;
      c +%= (d <>> 2 ^ d <>> 13 ^ d <>> 22) +% ((d & e) | (f & (d | e)));
      w6 +%= (w7 <>> 7 ^ w7 <>> 18 ^ w7 >> 3) +% w15 +% (w4 <>> 17 ^ w4 <>> 19 ^ w4 >> 10);
      b +%= (g <>> 6 ^ g <>> 11 ^ g <>> 25) +% (a ^ (g & (h ^ a))) +% 0x5cb0a9dc +% w6;
      f +%= b;
      b +%= (c <>> 2 ^ c <>> 13 ^ c <>> 22) +% ((c & d) | (e & (c | d)));
      w7 +%= (w8 <>> 7 ^ w8 <>> 18 ^ w8 >> 3) +% w0 +% (w5 <>> 17 ^ w5 <>> 19 ^ w5 >> 10);
      a +%= (f <>> 6 ^ f <>> 11 ^ f <>> 25) +% (h ^ (f & (g ^ h))) +% 0x76f988da +% w7;
      e +%= a;
      a +%= (b <>> 2 ^ b <>> 13 ^ b <>> 22) +% ((b & c) | (d & (b | c)));
      w8 +%= (w9 <>> 7 ^ w9 <>> 18 ^ w9 >> 3) +% w1 +% (w6 <>> 17 ^ w6 <>> 19 ^ w6 >> 10);
      h +%= (e <>> 6 ^ e <>> 11 ^ e <>> 25) +% (g ^ (e & (f ^ g))) +% 0x983e5152 +% w8;
      d +%= h;
      h +%= (a <>> 2 ^ a <>> 13 ^ a <>> 22) +% ((a & b) | (c & (a | b)));
      w9 +%= (w10 <>> 7 ^ w10 <>> 18 ^ w10 >> 3) +% w2 +% (w7 <>> 17 ^ w7 <>> 19 ^ w7 >> 10);
      g +%= (d <>> 6 ^ d <>> 11 ^ d <>> 25) +% (f ^ (d & (e ^ f))) +% 0xa831c66d +% w9;
      c +%= g;
      g +%= (h <>> 2 ^ h <>> 13 ^ h <>> 22) +% ((h & a) | (b & (h | a)));
      w10 +%= (w11 <>> 7 ^ w11 <>> 18 ^ w11 >> 3) +% w3 +% (w8 <>> 17 ^ w8 <>> 19 ^ w8 >> 10);
      f +%= (c <>> 6 ^ c <>> 11 ^ c <>> 25) +% (e ^ (c & (d ^ e))) +% 0xb00327c8 +% w10;
      b +%= f;
      f +%= (g <>> 2 ^ g <>> 13 ^ g <>> 22) +% ((g & h) | (a & (g | h)));
      w11 +%= (w12 <>> 7 ^ w12 <>> 18 ^ w12 >> 3) +% w4 +% (w9 <>> 17 ^ w9 <>> 19 ^ w9 >> 10);
      e +%= (b <>> 6 ^ b <>> 11 ^ b <>> 25) +% (d ^ (b & (c ^ d))) +% 0xbf597fc7 +% w11;
      a +%= e;
      e +%= (f <>> 2 ^ f <>> 13 ^ f <>> 22) +% ((f & g) | (h & (f | g)));
      w12 +%= (w13 <>> 7 ^ w13 <>> 18 ^ w13 >> 3) +% w5 +% (w10 <>> 17 ^ w10 <>> 19 ^ w10 >> 10);
      d +%= (a <>> 6 ^ a <>> 11 ^ a <>> 25) +% (c ^ (a & (b ^ c))) +% 0xc6e00bf3 +% w12;
      h +%= d;
      d +%= (e <>> 2 ^ e <>> 13 ^ e <>> 22) +% ((e & f) | (g & (e | f)));
      w13 +%= (w14 <>> 7 ^ w14 <>> 18 ^ w14 >> 3) +% w6 +% (w11 <>> 17 ^ w11 <>> 19 ^ w11 >> 10);
      c +%= (h <>> 6 ^ h <>> 11 ^ h <>> 25) +% (b ^ (h & (a ^ b))) +% 0xd5a79147 +% w13;
      g +%= c;
      c +%= (d <>> 2 ^ d <>> 13 ^ d <>> 22) +% ((d & e) | (f & (d | e)));
      w14 +%= (w15 <>> 7 ^ w15 <>> 18 ^ w15 >> 3) +% w7 +% (w12 <>> 17 ^ w12 <>> 19 ^ w12 >> 10);
      b +%= (g <>> 6 ^ g <>> 11 ^ g <>> 25) +% (a ^ (g & (h ^ a))) +% 0x06ca6351 +% w14;
      f +%= b;
      b +%= (c <>> 2 ^ c <>> 13 ^ c <>> 22) +% ((c & d) | (e & (c | d)));
      w15 +%= (w0 <>> 7 ^ w0 <>> 18 ^ w0 >> 3) +% w8 +% (w13 <>> 17 ^ w13 <>> 19 ^ w13 >> 10);
      a +%= (f <>> 6 ^ f <>> 11 ^ f <>> 25) +% (h ^ (f & (g ^ h))) +% 0x14292967 +% w15;
      e +%= a;
      a +%= (b <>> 2 ^ b <>> 13 ^ b <>> 22) +% ((b & c) | (d & (b | c)));
      w0 +%= (w1 <>> 7 ^ w1 <>> 18 ^ w1 >> 3) +% w9 +% (w14 <>> 17 ^ w14 <>> 19 ^ w14 >> 10);
      h +%= (e <>> 6 ^ e <>> 11 ^ e <>> 25) +% (g ^ (e & (f ^ g))) +% 0x27b70a85 +% w0;
      d +%= h;
      h +%= (a <>> 2 ^ a <>> 13 ^ a <>> 22) +% ((a & b) | (c & (a | b)));
      w1 +%= (w2 <>> 7 ^ w2 <>> 18 ^ w2 >> 3) +% w10 +% (w15 <>> 17 ^ w15 <>> 19 ^ w15 >> 10);
      g +%= (d <>> 6 ^ d <>> 11 ^ d <>> 25) +% (f ^ (d & (e ^ f))) +% 0x2e1b2138 +% w1;
      c +%= g;
      g +%= (h <>> 2 ^ h <>> 13 ^ h <>> 22) +% ((h & a) | (b & (h | a)));
      w2 +%= (w3 <>> 7 ^ w3 <>> 18 ^ w3 >> 3) +% w11 +% (w0 <>> 17 ^ w0 <>> 19 ^ w0 >> 10);
      f +%= (c <>> 6 ^ c <>> 11 ^ c <>> 25) +% (e ^ (c & (d ^ e))) +% 0x4d2c6dfc +% w2;
      b +%= f;
      f +%= (g <>> 2 ^ g <>> 13 ^ g <>> 22) +% ((g & h) | (a & (g | h)));
      w3 +%= (w4 <>> 7 ^ w4 <>> 18 ^ w4 >> 3) +% w12 +% (w1 <>> 17 ^ w1 <>> 19 ^ w1 >> 10);
      e +%= (b <>> 6 ^ b <>> 11 ^ b <>> 25) +% (d ^ (b & (c ^ d))) +% 0x53380d13 +% w3;
      a +%= e;
      e +%= (f <>> 2 ^ f <>> 13 ^ f <>> 22) +% ((f & g) | (h & (f | g)));
      w4 +%= (w5 <>> 7 ^ w5 <>> 18 ^ w5 >> 3) +% w13 +% (w2 <>> 17 ^ w2 <>> 19 ^ w2 >> 10);
      d +%= (a <>> 6 ^ a <>> 11 ^ a <>> 25) +% (c ^ (a & (b ^ c))) +% 0x650a7354 +% w4;
      h +%= d;
      d +%= (e <>> 2 ^ e <>> 13 ^ e <>> 22) +% ((e & f) | (g & (e | f)));
      w5 +%= (w6 <>> 7 ^ w6 <>> 18 ^ w6 >> 3) +% w14 +% (w3 <>> 17 ^ w3 <>> 19 ^ w3 >> 10);
      c +%= (h <>> 6 ^ h <>> 11 ^ h <>> 25) +% (b ^ (h & (a ^ b))) +% 0x766a0abb +% w5;
      g +%= c;
      c +%= (d <>> 2 ^ d <>> 13 ^ d <>> 22) +% ((d & e) | (f & (d | e)));
      w6 +%= (w7 <>> 7 ^ w7 <>> 18 ^ w7 >> 3) +% w15 +% (w4 <>> 17 ^ w4 <>> 19 ^ w4 >> 10);
      b +%= (g <>> 6 ^ g <>> 11 ^ g <>> 25) +% (a ^ (g & (h ^ a))) +% 0x81c2c92e +% w6;
      f +%= b;
      b +%= (c <>> 2 ^ c <>> 13 ^ c <>> 22) +% ((c & d) | (e & (c | d)));
      w7 +%= (w8 <>> 7 ^ w8 <>> 18 ^ w8 >> 3) +% w0 +% (w5 <>> 17 ^ w5 <>> 19 ^ w5 >> 10);
      a +%= (f <>> 6 ^ f <>> 11 ^ f <>> 25) +% (h ^ (f & (g ^ h))) +% 0x92722c85 +% w7;
      e +%= a;
      a +%= (b <>> 2 ^ b <>> 13 ^ b <>> 22) +% ((b & c) | (d & (b | c)));
      w8 +%= (w9 <>> 7 ^ w9 <>> 18 ^ w9 >> 3) +% w1 +% (w6 <>> 17 ^ w6 <>> 19 ^ w6 >> 10);
      h +%= (e <>> 6 ^ e <>> 11 ^ e <>> 25) +% (g ^ (e & (f ^ g))) +% 0xa2bfe8a1 +% w8;
      d +%= h;
      h +%= (a <>> 2 ^ a <>> 13 ^ a <>> 22) +% ((a & b) | (c & (a | b)));
      w9 +%= (w10 <>> 7 ^ w10 <>> 18 ^ w10 >> 3) +% w2 +% (w7 <>> 17 ^ w7 <>> 19 ^ w7 >> 10);
      g +%= (d <>> 6 ^ d <>> 11 ^ d <>> 25) +% (f ^ (d & (e ^ f))) +% 0xa81a664b +% w9;
      c +%= g;
      g +%= (h <>> 2 ^ h <>> 13 ^ h <>> 22) +% ((h & a) | (b & (h | a)));
      w10 +%= (w11 <>> 7 ^ w11 <>> 18 ^ w11 >> 3) +% w3 +% (w8 <>> 17 ^ w8 <>> 19 ^ w8 >> 10);
      f +%= (c <>> 6 ^ c <>> 11 ^ c <>> 25) +% (e ^ (c & (d ^ e))) +% 0xc24b8b70 +% w10;
      b +%= f;
      f +%= (g <>> 2 ^ g <>> 13 ^ g <>> 22) +% ((g & h) | (a & (g | h)));
      w11 +%= (w12 <>> 7 ^ w12 <>> 18 ^ w12 >> 3) +% w4 +% (w9 <>> 17 ^ w9 <>> 19 ^ w9 >> 10);
      e +%= (b <>> 6 ^ b <>> 11 ^ b <>> 25) +% (d ^ (b & (c ^ d))) +% 0xc76c51a3 +% w11;
      a +%= e;
      e +%= (f <>> 2 ^ f <>> 13 ^ f <>> 22) +% ((f & g) | (h & (f | g)));
      w12 +%= (w13 <>> 7 ^ w13 <>> 18 ^ w13 >> 3) +% w5 +% (w10 <>> 17 ^ w10 <>> 19 ^ w10 >> 10);
      d +%= (a <>> 6 ^ a <>> 11 ^ a <>> 25) +% (c ^ (a & (b ^ c))) +% 0xd192e819 +% w12;
      h +%= d;
      d +%= (e <>> 2 ^ e <>> 13 ^ e <>> 22) +% ((e & f) | (g & (e | f)));
      w13 +%= (w14 <>> 7 ^ w14 <>> 18 ^ w14 >> 3) +% w6 +% (w11 <>> 17 ^ w11 <>> 19 ^ w11 >> 10);
      c +%= (h <>> 6 ^ h <>> 11 ^ h <>> 25) +% (b ^ (h & (a ^ b))) +% 0xd6990624 +% w13;
      g +%= c;
      c +%= (d <>> 2 ^ d <>> 13 ^ d <>> 22) +% ((d & e) | (f & (d | e)));
      w14 +%= (w15 <>> 7 ^ w15 <>> 18 ^ w15 >> 3) +% w7 +% (w12 <>> 17 ^ w12 <>> 19 ^ w12 >> 10);
      b +%= (g <>> 6 ^ g <>> 11 ^ g <>> 25) +% (a ^ (g & (h ^ a))) +% 0xf40e3585 +% w14;
      f +%= b;
      b +%= (c <>> 2 ^ c <>> 13 ^ c <>> 22) +% ((c & d) | (e & (c | d)));
      w15 +%= (w0 <>> 7 ^ w0 <>> 18 ^ w0 >> 3) +% w8 +% (w13 <>> 17 ^ w13 <>> 19 ^ w13 >> 10);
      a +%= (f <>> 6 ^ f <>> 11 ^ f <>> 25) +% (h ^ (f & (g ^ h))) +% 0x106aa070 +% w15;
      e +%= a;
      a +%= (b <>> 2 ^ b <>> 13 ^ b <>> 22) +% ((b & c) | (d & (b | c)));
      w0 +%= (w1 <>> 7 ^ w1 <>> 18 ^ w1 >> 3) +% w9 +% (w14 <>> 17 ^ w14 <>> 19 ^ w14 >> 10);
      h +%= (e <>> 6 ^ e <>> 11 ^ e <>> 25) +% (g ^ (e & (f ^ g))) +% 0x19a4c116 +% w0;
      d +%= h;
      h +%= (a <>> 2 ^ a <>> 13 ^ a <>> 22) +% ((a & b) | (c & (a | b)));
      w1 +%= (w2 <>> 7 ^ w2 <>> 18 ^ w2 >> 3) +% w10 +% (w15 <>> 17 ^ w15 <>> 19 ^ w15 >> 10);
      g +%= (d <>> 6 ^ d <>> 11 ^ d <>> 25) +% (f ^ (d & (e ^ f))) +% 0x1e376c08 +% w1;
      c +%= g;
      g +%= (h <>> 2 ^ h <>> 13 ^ h <>> 22) +% ((h & a) | (b & (h | a)));
      w2 +%= (w3 <>> 7 ^ w3 <>> 18 ^ w3 >> 3) +% w11 +% (w0 <>> 17 ^ w0 <>> 19 ^ w0 >> 10);
      f +%= (c <>> 6 ^ c <>> 11 ^ c <>> 25) +% (e ^ (c & (d ^ e))) +% 0x2748774c +% w2;
      b +%= f;
      f +%= (g <>> 2 ^ g <>> 13 ^ g <>> 22) +% ((g & h) | (a & (g | h)));
      w3 +%= (w4 <>> 7 ^ w4 <>> 18 ^ w4 >> 3) +% w12 +% (w1 <>> 17 ^ w1 <>> 19 ^ w1 >> 10);
      e +%= (b <>> 6 ^ b <>> 11 ^ b <>> 25) +% (d ^ (b & (c ^ d))) +% 0x34b0bcb5 +% w3;
      a +%= e;
      e +%= (f <>> 2 ^ f <>> 13 ^ f <>> 22) +% ((f & g) | (h & (f | g)));
      w4 +%= (w5 <>> 7 ^ w5 <>> 18 ^ w5 >> 3) +% w13 +% (w2 <>> 17 ^ w2 <>> 19 ^ w2 >> 10);
      d +%= (a <>> 6 ^ a <>> 11 ^ a <>> 25) +% (c ^ (a & (b ^ c))) +% 0x391c0cb3 +% w4;
      h +%= d;
      d +%= (e <>> 2 ^ e <>> 13 ^ e <>> 22) +% ((e & f) | (g & (e | f)));
      w5 +%= (w6 <>> 7 ^ w6 <>> 18 ^ w6 >> 3) +% w14 +% (w3 <>> 17 ^ w3 <>> 19 ^ w3 >> 10);
      c +%= (h <>> 6 ^ h <>> 11 ^ h <>> 25) +% (b ^ (h & (a ^ b))) +% 0x4ed8aa4a +% w5;
      g +%= c;
      c +%= (d <>> 2 ^ d <>> 13 ^ d <>> 22) +% ((d & e) | (f & (d | e)));
      w6 +%= (w7 <>> 7 ^ w7 <>> 18 ^ w7 >> 3) +% w15 +% (w4 <>> 17 ^ w4 <>> 19 ^ w4 >> 10);
      b +%= (g <>> 6 ^ g <>> 11 ^ g <>> 25) +% (a ^ (g & (h ^ a))) +% 0x5b9cca4f +% w6;
      f +%= b;
      b +%= (c <>> 2 ^ c <>> 13 ^ c <>> 22) +% ((c & d) | (e & (c | d)));
      w7 +%= (w8 <>> 7 ^ w8 <>> 18 ^ w8 >> 3) +% w0 +% (w5 <>> 17 ^ w5 <>> 19 ^ w5 >> 10);
      a +%= (f <>> 6 ^ f <>> 11 ^ f <>> 25) +% (h ^ (f & (g ^ h))) +% 0x682e6ff3 +% w7;
      e +%= a;
      a +%= (b <>> 2 ^ b <>> 13 ^ b <>> 22) +% ((b & c) | (d & (b | c)));
      w8 +%= (w9 <>> 7 ^ w9 <>> 18 ^ w9 >> 3) +% w1 +% (w6 <>> 17 ^ w6 <>> 19 ^ w6 >> 10);
      h +%= (e <>> 6 ^ e <>> 11 ^ e <>> 25) +% (g ^ (e & (f ^ g))) +% 0x748f82ee +% w8;
      d +%= h;
      h +%= (a <>> 2 ^ a <>> 13 ^ a <>> 22) +% ((a & b) | (c & (a | b)));
      w9 +%= (w10 <>> 7 ^ w10 <>> 18 ^ w10 >> 3) +% w2 +% (w7 <>> 17 ^ w7 <>> 19 ^ w7 >> 10);
      g +%= (d <>> 6 ^ d <>> 11 ^ d <>> 25) +% (f ^ (d & (e ^ f))) +% 0x78a5636f +% w9;
      c +%= g;
      g +%= (h <>> 2 ^ h <>> 13 ^ h <>> 22) +% ((h & a) | (b & (h | a)));
      w10 +%= (w11 <>> 7 ^ w11 <>> 18 ^ w11 >> 3) +% w3 +% (w8 <>> 17 ^ w8 <>> 19 ^ w8 >> 10);
      f +%= (c <>> 6 ^ c <>> 11 ^ c <>> 25) +% (e ^ (c & (d ^ e))) +% 0x84c87814 +% w10;
      b +%= f;
      f +%= (g <>> 2 ^ g <>> 13 ^ g <>> 22) +% ((g & h) | (a & (g | h)));
      w11 +%= (w12 <>> 7 ^ w12 <>> 18 ^ w12 >> 3) +% w4 +% (w9 <>> 17 ^ w9 <>> 19 ^ w9 >> 10);
      e +%= (b <>> 6 ^ b <>> 11 ^ b <>> 25) +% (d ^ (b & (c ^ d))) +% 0x8cc70208 +% w11;
      a +%= e;
      e +%= (f <>> 2 ^ f <>> 13 ^ f <>> 22) +% ((f & g) | (h & (f | g)));
      w12 +%= (w13 <>> 7 ^ w13 <>> 18 ^ w13 >> 3) +% w5 +% (w10 <>> 17 ^ w10 <>> 19 ^ w10 >> 10);
      d +%= (a <>> 6 ^ a <>> 11 ^ a <>> 25) +% (c ^ (a & (b ^ c))) +% 0x90befffa +% w12;
      h +%= d;
      d +%= (e <>> 2 ^ e <>> 13 ^ e <>> 22) +% ((e & f) | (g & (e | f)));
      w13 +%= (w14 <>> 7 ^ w14 <>> 18 ^ w14 >> 3) +% w6 +% (w11 <>> 17 ^ w11 <>> 19 ^ w11 >> 10);
      c +%= (h <>> 6 ^ h <>> 11 ^ h <>> 25) +% (b ^ (h & (a ^ b))) +% 0xa4506ceb +% w13;
      g +%= c;
      c +%= (d <>> 2 ^ d <>> 13 ^ d <>> 22) +% ((d & e) | (f & (d | e)));
      w14 +%= (w15 <>> 7 ^ w15 <>> 18 ^ w15 >> 3) +% w7 +% (w12 <>> 17 ^ w12 <>> 19 ^ w12 >> 10);
      b +%= (g <>> 6 ^ g <>> 11 ^ g <>> 25) +% (a ^ (g & (h ^ a))) +% 0xbef9a3f7 +% w14;
      f +%= b;
      b +%= (c <>> 2 ^ c <>> 13 ^ c <>> 22) +% ((c & d) | (e & (c | d)));
      w15 +%= (w0 <>> 7 ^ w0 <>> 18 ^ w0 >> 3) +% w8 +% (w13 <>> 17 ^ w13 <>> 19 ^ w13 >> 10);
      a +%= (f <>> 6 ^ f <>> 11 ^ f <>> 25) +% (h ^ (f & (g ^ h))) +% 0xc67178f2 +% w15;
      e +%= a;
      a +%= (b <>> 2 ^ b <>> 13 ^ b <>> 22) +% ((b & c) | (d & (b | c)));
      a +%= a0;
      b +%= b0;
      c +%= c0;
      d +%= d0;
      e +%= e0;
      f +%= f0;
      g +%= g0;
      h +%= h0;
      at += block;
    };
    state[0] := a;
    state[1] := b;
    state[2] := c;
    state[3] := d;
    state[4] := e;
    state[5] := f;
    state[6] := g;
    state[7] := h;
  };
};

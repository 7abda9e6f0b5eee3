import Array "mo:core/Array";
import Blob "mo:core/Blob";
import Int64 "mo:core/Int64";
import Nat "mo:core/Nat";
import Nat64 "mo:core/Nat64";
import Nat8 "mo:core/Nat8";

/// Dot products of int8 vectors, with three multiply-adds per multiplication. Every component is offset by 128 to fit
/// an unsigned byte, and three bytes are packed into a word in lanes of 21 bits. The other vector's bytes are packed in
/// reverse, so the highest lane of the product of two words is the dot product of their three pairs, and the lanes
/// below cannot carry into it.
module {
  /// `sum` is the sum of all bytes, padding included: it is used to remove the offset.
  public type Vector = { model : Text; dimensions : Nat; words : [Nat64]; sum : Nat64 };

  public let maxDimensions = 512;

  let lanes = 3;
  let laneMask : Nat64 = 0x1f_ffff;

  /// @param components int8, one per byte
  public func item(model : Text, components : Blob) : Vector {
    packed(model, components, func(a, b, c) = a | b << 21 | c << 42);
  };

  /// The vector that items are multiplied with.
  public func user(model : Text, components : Blob) : Vector {
    packed(model, components, func(a, b, c) = c | b << 21 | a << 42);
  };

  /// About 54 instructions per multiply-add.
  /// @param self an item with as many dimensions as the user
  public func dot(self : Vector, user : Vector) : Int64 {
    let (ours, theirs) = (self.words, user.words);
    let count = ours.size();
    var total : Nat64 = 0;
    var index = 0;
    while (index < count) {
      total +%= (ours[index] *% theirs[index]) >> 42 & laneMask;
      index += 1;
    };
    // (a - 128)(b - 128), summed over all lanes.
    Int64.fromNat64(total +% Nat64.fromNat(count * lanes) *% 16_384 -% 128 *% (self.sum +% user.sum));
  };

  func packed(model : Text, components : Blob, word : (Nat64, Nat64, Nat64) -> Nat64) : Vector {
    let size = components.size();
    var sum : Nat64 = 0;
    func byte(index : Nat) : Nat64 {
      // The padding is zero, offset.
      let value : Nat64 = if (index < size) (components[index] ^ 0x80).toNat64() else 128;
      sum += value;
      value;
    };
    let words = Array.tabulate<Nat64>(
      (size + lanes - 1 : Nat) / lanes,
      func index = word(byte(index * lanes), byte(index * lanes + 1), byte(index * lanes + 2)),
    );
    { model; dimensions = size; words; sum };
  };
};

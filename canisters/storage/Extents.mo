import Map "mo:core/Map";
import Nat64 "mo:core/Nat64";
import Order "mo:core/Order";
import Set "mo:core/Set";

/// Allocates extents of a linear space: the best fit among freed extents, else at the end. Adjacent ones are merged.
module {
  /// `byOffset` and `bySize` hold the same free extents: offset to size, and (size, offset).
  public type Extents = {
    var end : Nat64;
    byOffset : Map.Map<Nat64, Nat64>;
    bySize : Set.Set<(Nat64, Nat64)>;
  };

  public func empty() : Extents = { var end = 0; byOffset = Map.empty(); bySize = Set.empty() };

  /// @param bytes at least 1
  /// @return the offset of the new extent
  public func allocate(self : Extents, bytes : Nat64) : Nat64 {
    let ?(size, offset) = self.bySize.valuesFrom(bySizeThenOffset, (bytes, 0 : Nat64)).next() else {
      self.end += bytes;
      return self.end - bytes;
    };
    self.take(offset, size);
    if (size > bytes) self.give(offset + bytes, size - bytes);
    offset;
  };

  /// Frees an extent exactly as it was allocated.
  public func free(self : Extents, offset : Nat64, bytes : Nat64) {
    var from = offset;
    var to = offset + bytes;
    switch (self.byOffset.reverseEntriesFrom(from).next()) {
      case (?(left, size)) {
        if (left + size == from) {
          self.take(left, size);
          from := left;
        };
      };
      case null {};
    };
    switch (self.byOffset.get(to)) {
      case (?size) {
        self.take(to, size);
        to += size;
      };
      case null {};
    };
    if (to == self.end) self.end := from else self.give(from, to - from);
  };

  func take(self : Extents, offset : Nat64, size : Nat64) {
    self.byOffset.remove(offset);
    self.bySize.remove(bySizeThenOffset, (size, offset));
  };

  func give(self : Extents, offset : Nat64, size : Nat64) {
    self.byOffset.add(offset, size);
    self.bySize.add(bySizeThenOffset, (size, offset));
  };

  func bySizeThenOffset(a : (Nat64, Nat64), b : (Nat64, Nat64)) : Order.Order {
    switch (Nat64.compare(a.0, b.0)) {
      case (#equal) Nat64.compare(a.1, b.1);
      case other other;
    };
  };
};

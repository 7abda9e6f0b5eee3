import Blob "mo:core/Blob";
import Iter "mo:core/Iter";
import List "mo:core/List";
import Nat8 "mo:core/Nat8";
import Nat64 "mo:core/Nat64";
import Text "mo:core/Text";

/// The part of CBOR that certification needs, written in pieces that are joined at the end.
/// @source RFC 8949
module {
  /// Tag 55799, "this is CBOR": required by the interface specification.
  public let selfDescribed : Blob = "\d9\d9\f7";

  public func addBytes(out : List.List<Blob>, bytes : Blob) {
    out.add(head(0x40, bytes.size()));
    out.add(bytes);
  };

  /// An array of texts.
  public func texts(items : [Text]) : Blob {
    let out = List.empty<Blob>();
    out.add(selfDescribed);
    out.add(head(0x80, items.size()));
    for (item in items.values()) {
      let bytes = item.encodeUtf8();
      out.add(head(0x60, bytes.size()));
      out.add(bytes);
    };
    concat(out.values());
  };

  /// Joins the pieces.
  public func concat(pieces : Iter.Iter<Blob>) : Blob {
    let bytes = List.empty<Nat8>();
    for (piece in pieces) bytes.addAll(piece.values());
    Blob.fromArray(bytes.toArray());
  };

  /// The major type and a length below 2^32.
  func head(major : Nat8, length : Nat) : Blob {
    func byte(shift : Nat64) : Nat8 = Nat8.fromIntWrap(Nat64.toNat(Nat64.fromNat(length) >> shift));
    if (length < 24) return Blob.fromArray([major | byte(0)]);
    if (length < 0x100) return Blob.fromArray([major | 24, byte(0)]);
    if (length < 0x1_0000) return Blob.fromArray([major | 25, byte(8), byte(0)]);
    Blob.fromArray([major | 26, byte(24), byte(16), byte(8), byte(0)]);
  };
};

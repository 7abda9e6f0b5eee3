import Blob "mo:core/Blob";
import Iter "mo:core/Iter";
import List "mo:core/List";
import Map "mo:core/Map";
import Nat "mo:core/Nat";
import Nat64 "mo:core/Nat64";
import Text "mo:core/Text";
import Sha256 "Sha256";

/// Records by key, each with the sequence number of its last change, and the changes in their order. A key stands
/// once among the changes, with its newest value: so whoever has everything up to some number asks for what came
/// later, from whatever number, and a full copy is what came later than 0. A removed record leaves its key behind.
/// Values are Candid: what is copied, restored and compared are the bytes that are stored.
module {
  /// `value` is null once the record was removed.
  public type Change = { key : Text; sequence : Nat64; value : ?Blob };

  public type Records = {
    var sequence : Nat64;
    var bytes : Nat;
    byKey : Map.Map<Text, { sequence : Nat64; value : ?Blob }>;
    bySequence : Map.Map<Nat64, Text>;
  };

  /// Of what one change adds to a message, beside its key and value.
  let overhead = 32;

  public func empty() : Records = { var sequence = 0; var bytes = 0; byKey = Map.empty(); bySequence = Map.empty() };

  public func read(self : Records, key : Text) : ?Blob {
    let ?{ value } = self.byKey.get(key) else return null;
    value;
  };

  public func write(self : Records, key : Text, value : ?Blob) {
    self.sequence += 1;
    self.place({ key; sequence = self.sequence; value });
  };

  /// Takes over a change from elsewhere, unless a newer one of the same key is here.
  public func take(self : Records, change : Change) {
    switch (self.byKey.get(change.key)) {
      case (?{ sequence }) if (sequence >= change.sequence) return;
      case null {};
    };
    self.place(change);
    self.sequence := Nat64.max(self.sequence, change.sequence);
  };

  /// What came after that number, oldest first, at least one change and then up to so many bytes and changes.
  public func since(self : Records, from : Nat64, largest : Nat, most : Nat) : [Change] {
    let page = List.empty<Change>();
    var bytes = 0;
    for ((sequence, key) in self.bySequence.entriesFrom(from + 1)) {
      let ?{ value } = self.byKey.get(key) else return page.toArray();
      bytes += sizeOf(key, value);
      if ((bytes > largest or page.size() >= most) and not page.isEmpty()) return page.toArray();
      page.add({ key; sequence; value });
    };
    page.toArray();
  };

  /// Records that exist whose key begins so, in order of the key.
  public func below(self : Records, prefix : Text) : Iter.Iter<(Text, Blob)> {
    self.byKey.entriesFrom(prefix).takeWhile(func(key, _) = key.startsWith(#text prefix)).filterMap(
      func(key, { value }) {
        let ?blob = value else return null;
        ?(key, blob);
      }
    );
  };

  /// SHA-256 over all keys, sequence numbers and values: equal where the copies are equal, byte by byte.
  public func digest(self : Records) : Blob {
    let hash = Sha256.start();
    for ((key, { sequence; value }) in self.byKey.entries()) {
      let (present, bytes) = switch value { case (?blob) ("+", blob); case null ("-", "" : Blob) };
      let head = key # "\00" # sequence.toText() # present # bytes.size().toText() # "\00";
      hash.write(head.encodeUtf8());
      hash.write(bytes);
    };
    hash.finish();
  };

  /// What a change takes of a message.
  public func bytes(self : Change) : Nat = sizeOf(self.key, self.value);

  /// Records with a value.
  public func count(self : Records) : Nat = self.byKey.values().filter(func(entry) = entry.value != null).size();

  func place(self : Records, { key; sequence; value } : Change) {
    switch (self.byKey.get(key)) {
      case (?former) {
        self.bySequence.remove(former.sequence);
        self.bytes -= sizeOf(key, former.value);
      };
      case null {};
    };
    self.byKey.add(key, { sequence; value });
    self.bySequence.add(sequence, key);
    self.bytes += sizeOf(key, value);
  };

  func sizeOf(key : Text, value : ?Blob) : Nat {
    key.size() + overhead + (switch value { case (?blob) blob.size(); case null 0 });
  };
};

import Blob "mo:core/Blob";
import Iter "mo:core/Iter";
import List "mo:core/List";
import Map "mo:core/Map";
import Nat "mo:core/Nat";
import Nat64 "mo:core/Nat64";
import Text "mo:core/Text";
import Sha256 "Sha256";

/// Records by key, each with the sequence number of its last change, and the changes in order. Each key occurs once
/// among the changes, with its latest value: so a reader that has everything up to some number asks for what came after
/// it, and a full copy is what came after 0. A removed record leaves its key behind. Values are Candid: the stored bytes
/// themselves are copied, restored and compared.
module {
  /// `value` is null once the record was removed.
  public type Change = { key : Text; sequence : Nat64; value : ?Blob };

  public type Records = {
    var sequence : Nat64;
    var bytes : Nat;
    byKey : Map.Map<Text, { sequence : Nat64; value : ?Blob }>;
    bySequence : Map.Map<Nat64, Text>;
  };

  /// The SHA-256 of the changes that follow a number, as many as a page holds. The next page follows `up_to`.
  public type Page = { up_to : Nat64; sha256 : Blob; done : Bool };

  /// Bytes that a change adds to a message in addition to its key and value.
  let overhead = 32;
  /// Bytes hashed in one message: SHA-256 takes about 302 instructions a byte, and a tenth of a query's limit is 500 million.
  let maxHashed = 1_000_000;
  /// What hashing a change costs in addition to its bytes, in bytes.
  let hashOverhead = 128;

  public func empty() : Records = { var sequence = 0; var bytes = 0; byKey = Map.empty(); bySequence = Map.empty() };

  public func read(self : Records, key : Text) : ?Blob {
    let ?{ value } = self.byKey.get(key) else return null;
    value;
  };

  public func write(self : Records, key : Text, value : ?Blob) {
    self.sequence += 1;
    self.place({ key; sequence = self.sequence; value });
  };

  /// Applies a change made elsewhere, unless there is a newer one for the same key.
  public func take(self : Records, change : Change) {
    switch (self.byKey.get(change.key)) {
      case (?{ sequence }) if (sequence >= change.sequence) return;
      case null {};
    };
    self.place(change);
    self.sequence := Nat64.max(self.sequence, change.sequence);
  };

  /// The changes after that number, oldest first: at least one, then up to `maxBytes` and `maxChanges`.
  public func since(self : Records, from : Nat64, maxBytes : Nat, maxChanges : Nat) : [Change] {
    let page = List.empty<Change>();
    var bytes = 0;
    for ((sequence, key) in self.bySequence.entriesFrom(from + 1)) {
      let ?{ value } = self.byKey.get(key) else return page.toArray();
      bytes += sizeOf(key, value);
      if ((bytes > maxBytes or page.size() >= maxChanges) and not page.isEmpty()) return page.toArray();
      page.add({ key; sequence; value });
    };
    page.toArray();
  };

  /// Records with that key prefix, ordered by key, without removed ones.
  public func below(self : Records, prefix : Text) : Iter.Iter<(Text, Blob)> {
    self.byKey.entriesFrom(prefix).takeWhile(func(key, _) = key.startsWith(#text prefix)).filterMap(
      func(key, { value }) {
        let ?blob = value else return null;
        ?(key, blob);
      }
    );
  };

  /// SHA-256 over all keys, sequence numbers and values: equal if the copies are equal, byte for byte.
  /// @return empty where the records are too many for one message: see `digestAfter`
  public func digest(self : Records) : Blob {
    if (self.bytes + self.byKey.size() * hashOverhead > maxHashed) return "";
    let hash = Sha256.start();
    for ((key, { sequence; value }) in self.byKey.entries()) hashChange(hash, { key; sequence; value });
    hash.finish();
  };

  /// The same for one page of the changes. Copies are equal if all their pages are.
  public func digestAfter(self : Records, from : Nat64) : Page {
    let hash = Sha256.start();
    var up_to = from;
    var hashed = 0;
    for ((sequence, key) in self.bySequence.entriesFrom(from + 1)) {
      let ?{ value } = self.byKey.get(key) else return { up_to; sha256 = ""; done = true };
      if (hashed > 0 and hashed + sizeOf(key, value) + hashOverhead > maxHashed) return { up_to; sha256 = hash.finish(); done = false };
      hashed += sizeOf(key, value) + hashOverhead;
      hashChange(hash, { key; sequence; value });
      up_to := sequence;
    };
    { up_to; sha256 = hash.finish(); done = true };
  };

  func hashChange(hash : Sha256.State, { key; sequence; value } : Change) {
    let (present, bytes) = switch value { case (?blob) ("+", blob); case null ("-", "" : Blob) };
    let head = key # "\00" # sequence.toText() # present # bytes.size().toText() # "\00";
    hash.write(head.encodeUtf8());
    hash.write(bytes);
  };

  /// Bytes that a change takes in a message.
  public func bytes(self : Change) : Nat = sizeOf(self.key, self.value);

  /// Keys, including those of removed records.
  public func count(self : Records) : Nat = self.byKey.size();

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

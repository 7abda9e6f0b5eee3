import Array "mo:core/Array";
import Blob "mo:core/Blob";
import Map "mo:core/Map";
import Nat64 "mo:core/Nat64";
import Nat8 "mo:core/Nat8";
import Principal "mo:core/Principal";
import Text "mo:core/Text";
import Records "../lib/Records";
import Interface "Interface";

/// What others have done to a post: ten bytes for each principal, sorted, in records of at most 64 principals. The counts
/// are in the post itself.
module {
  /// `watched` is the largest percentage that the principal has watched at once; 0: nothing.
  public type Mark = { likes : Bool; hasShared : Bool; vote : ?Interface.Vote; watched : Nat8 };

  public let none : Mark = { likes = false; hasShared = false; vote = null; watched = 0 };

  /// Eight bytes of a principal, one of flags, one of the percentage. Principals are hashes, or numbers of canisters, so
  /// that their beginnings tell them apart.
  let entrySize = 10;
  let idSize = 8;
  let maxEntries = 64;

  let likesFlag : Nat8 = 1;
  let sharedFlag : Nat8 = 2;
  let hotFlag : Nat8 = 4;
  let notFlag : Nat8 = 8;

  /// @param post the number of the post, padded
  /// @return null if the principal has done nothing
  public func read(records : Records.Records, post : Text, by : Principal) : ?Mark {
    let id = idOf(by);
    let ?(_, entries) = page(records, post, id) else return null;
    let (at, found) = position(entries, id);
    if (not found) return null;
    ?decoded(entries[at + idSize], entries[at + idSize + 1]);
  };

  public func write(records : Records.Records, post : Text, by : Principal, mark : Mark) {
    let id = idOf(by);
    let (key, entries) = switch (page(records, post, id)) {
      case (?known) known;
      case null (keyOf(post, "\00\00\00\00\00\00\00\00"), "" : Blob);
    };
    let (at, found) = position(entries, id);
    let entry = if (mark == none) [] else id.toArray().concat(encoded(mark));
    let behind = if (found) at + entrySize else at;
    let size = at + entry.size() + entries.size() - behind : Nat;
    func byte(index : Nat) : Nat8 {
      if (index < at) entries[index] else if (index < at + entry.size()) entry[index - at] else entries[behind + index - at - entry.size()];
    };
    if (size <= maxEntries * entrySize) return records.write(key, ?Blob.fromArray(Array.tabulate(size, byte)));
    let half = size / entrySize / 2 * entrySize;
    let upper = Blob.fromArray(Array.tabulate<Nat8>(size - half, func index = byte(half + index)));
    records.write(key, ?Blob.fromArray(Array.tabulate(half, byte)));
    records.write(keyOf(post, upper), ?upper);
  };

  /// The record that holds the principal, if it holds any of the post's: the last one that does not begin behind it.
  func page(records : Records.Records, post : Text, id : Blob) : ?(Text, Blob) {
    for ((key, { value }) in records.byKey.reverseEntriesFrom(keyOf(post, id))) {
      if (not key.startsWith(#text(prefixOf(post)))) return null;
      let ?entries = value else return ?(key, "");
      return ?(key, entries);
    };
    null;
  };

  /// @return the offset of the principal's entry, or where it belongs
  func position(entries : Blob, id : Blob) : (Nat, Bool) {
    var low = 0;
    var high = entries.size() / entrySize;
    while (low < high) {
      let middle = (low + high) / 2;
      switch (compare(entries, middle * entrySize, id)) {
        case (#equal) return (middle * entrySize, true);
        case (#less) low := middle + 1;
        case (#greater) high := middle;
      };
    };
    (low * entrySize, false);
  };

  func compare(entries : Blob, at : Nat, id : Blob) : { #less; #equal; #greater } {
    var index = 0;
    while (index < idSize) {
      let (one, other) = (entries[at + index], id[index]);
      if (one < other) return #less;
      if (one > other) return #greater;
      index += 1;
    };
    #equal;
  };

  func idOf(by : Principal) : Blob {
    let bytes = by.toBlob();
    Blob.fromArray(Array.tabulate<Nat8>(idSize, func index = if (index < bytes.size()) bytes[index] else 0));
  };

  func encoded({ likes; hasShared; vote; watched } : Mark) : [Nat8] {
    let voted = switch vote { case (?#Hot) hotFlag; case (?#Not) notFlag; case null 0 : Nat8 };
    [(if likes likesFlag else 0) | (if hasShared sharedFlag else 0) | voted, watched];
  };

  func decoded(flags : Nat8, watched : Nat8) : Mark {
    let vote = if (flags & hotFlag != 0) ?#Hot else if (flags & notFlag != 0) ?#Not else null;
    { likes = flags & likesFlag != 0; hasShared = flags & sharedFlag != 0; vote; watched };
  };

  func prefixOf(post : Text) : Text = "mark/" # post # "/";

  /// Named after the first principal that belongs there, so that keys sort like principals.
  func keyOf(post : Text, first : Blob) : Text {
    let digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"];
    var key = prefixOf(post);
    var index = 0;
    while (index < idSize) {
      key #= digits[(first[index] / 16).toNat()] # digits[(first[index] % 16).toNat()];
      index += 1;
    };
    key;
  };
};

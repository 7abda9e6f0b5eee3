import Array "mo:core/Array";
import Iter "mo:core/Iter";
import List "mo:core/List";
import Map "mo:core/Map";
import Nat "mo:core/Nat";
import Runtime "mo:core/Runtime";
import Extents "../../canisters/storage/Extents";
import Marks "../../canisters/user/Marks";
import Records "../../canisters/lib/Records";
import HashTree "../../canisters/lib/HashTree";
import Sha256 "../../canisters/lib/Sha256";

/// Exposes the modules of the canisters, to be compared with other implementations.
persistent actor {
  public query func sha256(parts : [Blob]) : async { streamed : Blob; joined : Blob } {
    let state = Sha256.start();
    for (part in parts.values()) state.write(part);
    { streamed = state.finish(); joined = Sha256.hashParts(parts) };
  };

  /// The tree after the changes: a value is inserted, null removes.
  public query func tree(changes : [(HashTree.Path, ?Blob)], paths : [HashTree.Path]) : async {
    root : Blob;
    witness : Blob;
  } {
    var tree : HashTree.Tree = #empty;
    for ((path, change) in changes.values()) {
      tree := switch change {
        case (?value) tree.insert(path, value);
        case null tree.remove(path);
      };
    };
    { root = tree.hash(); witness = tree.witness(paths) };
  };

  /// A step allocates bytes, or frees what the step with that number allocated.
  /// @return the offset that each step allocated or freed, and the end of the space after the last one
  public query func extents(steps : [{ #allocate : Nat64; #free : Nat }]) : async { offsets : [Nat64]; end : Nat64 } {
    let space = Extents.empty();
    let offsets = List.empty<Nat64>();
    for (step in steps.values()) {
      switch step {
        case (#allocate bytes) offsets.add(space.allocate(bytes));
        case (#free number) {
          let #allocate(bytes) = steps[number] else Runtime.trap("step " # number.toText() # " allocates nothing");
          space.free(offsets.at(number), bytes);
          offsets.add(offsets.at(number));
        };
      };
    };
    { offsets = offsets.toArray(); end = space.end };
  };

  /// What is known of each principal after the acts, and how many records hold it.
  public query func marks(acts : [(Principal, Marks.Mark)], read : [Principal]) : async { marks : [?Marks.Mark]; records : Nat; longest : Nat } {
    let records = Records.empty();
    for ((by, mark) in acts.values()) Marks.write(records, "0", by, mark);
    let values = records.byKey.values().map(func({ value } : { sequence : Nat64; value : ?Blob }) : Nat = switch value { case (?blob) blob.size(); case null 0 });
    {
      marks = read.map<Principal, ?Marks.Mark>(func by = Marks.read(records, "0", by));
      records = records.byKey.size();
      longest = values.foldLeft(0, func(most, size) = Nat.max(most, size));
    };
  };

  /// The state of a hash survives messages and upgrades.
  let kept = Sha256.start();

  public func keep(part : Blob) : async () { kept.write(part) };

  public func finish() : async Blob { kept.finish() };
};

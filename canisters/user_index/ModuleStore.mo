import Array "mo:core/Array";
import Blob "mo:core/Blob";
import Iter "mo:core/Iter";
import Map "mo:core/Map";
import Nat "mo:core/Nat";
import Nat32 "mo:core/Nat32";
import Result "mo:core/Result";
import Text "mo:core/Text";
import Sha256 "../lib/Sha256";

/// The Wasm modules of the user canisters: the one in use, and one that is arriving in chunks.
module {
  public type Module = { version : Text; sha256 : Blob; chunks : [Blob] };

  type Arriving = { version : Text; sha256 : Blob; chunks : Nat; received : Map.Map<Nat, Blob> };

  public type Store = {
    /// For new canisters.
    var current : ?Module;
    /// The module of the current rollout, or of one that failed.
    var candidate : ?Module;
    var arriving : ?Arriving;
  };

  /// The limit of the platform's chunk stores.
  let maxChunkBytes = 1_048_576;
  let maxChunks = 100;

  public func empty() : Store = { var current = null; var candidate = null; var arriving = null };

  /// Announcing the same module again resumes it.
  /// @return the chunks that are missing
  public func begin(self : Store, { version; sha256; chunks } : { version : Text; sha256 : Blob; chunks : Nat32 }) : Result.Result<[Nat32], Text> {
    let count = chunks.toNat();
    if (version == "" or version.size() > 100) return #err "version must have 1 to 100 characters";
    if (sha256.size() != 32) return #err "sha256 must have 32 bytes";
    if (count == 0 or count > maxChunks) return #err("a module must have 1 to " # maxChunks.toText() # " chunks");
    let arriving = switch (self.arriving) {
      case (?former) if (former.sha256 == sha256 and former.chunks == count) former else fresh(version, sha256, count);
      case null fresh(version, sha256, count);
    };
    self.arriving := ?arriving;
    let missing = Array.tabulate<Nat>(count, func index = index).filter(func index = not arriving.received.containsKey(index));
    #ok(missing.map<Nat, Nat32>(func index = Nat32.fromNat(index)));
  };

  public func put(self : Store, index : Nat32, chunk : Blob) : Result.Result<(), Text> {
    let ?{ chunks; received } = self.arriving else return #err "there is no module to complete: call begin_module first";
    if (index.toNat() >= chunks) return #err("the module has " # chunks.toText() # " chunks");
    if (chunk.size() == 0 or chunk.size() > maxChunkBytes) return #err("a chunk must have 1 to " # maxChunkBytes.toText() # " bytes");
    received.add(index.toNat(), chunk);
    #ok;
  };

  /// Makes the module the candidate if it is complete and as announced.
  public func commit(self : Store) : Result.Result<Module, Text> {
    let ?{ version; sha256; chunks; received } = self.arriving else return #err "there is no module to complete: call begin_module first";
    if (received.size() < chunks) return #err("chunks are missing: " # (chunks - received.size() : Nat).toText());
    let parts = received.values().toArray();
    if (Sha256.hashParts(parts) != sha256) {
      self.arriving := null;
      return #err "the chunks do not have the announced SHA-256: send them again";
    };
    let arrived = { version; sha256; chunks = parts };
    self.candidate := ?arrived;
    self.arriving := null;
    #ok arrived;
  };

  func fresh(version : Text, sha256 : Blob, chunks : Nat) : Arriving = { version; sha256; chunks; received = Map.empty() };
};

import Array "mo:core/Array";
import Blob "mo:core/Blob";
import CertifiedData "mo:core/CertifiedData";
import Int "mo:core/Int";
import List "mo:core/List";
import Nat64 "mo:core/Nat64";
import Nat8 "mo:core/Nat8";
import Principal "mo:core/Principal";
import Text "mo:core/Text";
import Time "mo:core/Time";
import Cbor "../../../canisters/lib/Cbor";
import HashTree "../../../canisters/lib/HashTree";
import Sha256 "../../../canisters/lib/Sha256";

/// Signs in as Internet Identity does, with canister signatures, but asks nobody who they are: for tests alone.
/// @source IC interface specification, "Canister signatures"; Internet Identity specification, "prepare_delegation"
persistent actor Provider {
  type Delegation = { pubkey : Blob; expiration : Nat64; targets : ?[Principal] };
  type Answer = { #signed_delegation : { delegation : Delegation; signature : Blob }; #no_such_delegation };

  let halfHour : Nat64 = 1_800_000_000_000;
  var signatures : HashTree.Tree = #empty;

  /// The key of a user at a page, in DER, and when the delegation ends, nanoseconds since 1970.
  public func prepare_delegation(anchor : Nat64, frontend : Text, session_key : Blob, max_ttl : ?Nat64) : async (
    Blob,
    Nat64,
  ) {
    let ttl = switch max_ttl { case (?ttl) ttl; case null halfHour };
    let expiration = Nat64.fromNat(Int.abs(Time.now())) + ttl;
    let seed = seedOf(anchor, frontend);
    signatures := signatures.insert(pathOf(seed, session_key, expiration), "");
    CertifiedData.set(signatures.hash());
    (keyOf(seed), expiration);
  };

  public query func get_delegation(anchor : Nat64, frontend : Text, pubkey : Blob, expiration : Nat64) : async Answer {
    let path = pathOf(seedOf(anchor, frontend), pubkey, expiration);
    let ?certificate = CertifiedData.getCertificate() else return #no_such_delegation;
    let witness = signatures.witness([path]);
    let out = List.empty<Blob>();
    // A map of two: the tree without the tag that the witness begins with.
    out.add(Cbor.selfDescribed);
    out.add("\a2\6bcertificate" : Blob);
    Cbor.addBytes(out, certificate);
    out.add("\64tree" : Blob);
    out.add(Blob.fromArray(Array.tabulate(witness.size() - 3 : Nat, func i = witness[i + 3])));
    let delegation = { pubkey; expiration; targets = null };
    #signed_delegation { delegation; signature = Cbor.concat(out.values()) };
  };

  func seedOf(anchor : Nat64, frontend : Text) : Blob = Sha256.hash((debug_show anchor # "@" # frontend).encodeUtf8());

  func pathOf(seed : Blob, pubkey : Blob, expiration : Nat64) : HashTree.Path {
    let message = Sha256.hashParts(["\1aic-request-auth-delegation", hashOf(pubkey, expiration)]);
    ["sig", Sha256.hash(seed), message];
  };

  /// The representation-independent hash of a delegation.
  func hashOf(pubkey : Blob, expiration : Nat64) : Blob {
    func pair(name : Blob, value : Blob) : Blob = Cbor.concat([Sha256.hash(name), Sha256.hash(value)].values());
    let pairs = [pair("pubkey", pubkey), pair("expiration", leb128(expiration))];
    Sha256.hashParts(pairs.sort(Blob.compare));
  };

  func leb128(value : Nat64) : Blob {
    let bytes = List.empty<Nat8>();
    var rest = value;
    while (rest >= 0x80) {
      bytes.add(Nat8.fromNat(Nat64.toNat(rest & 0x7f | 0x80)));
      rest >>= 7;
    };
    bytes.add(Nat8.fromNat(rest.toNat()));
    Blob.fromArray(bytes.toArray());
  };

  func keyOf(seed : Blob) : Blob {
    let id = Principal.fromActor(Provider).toBlob();
    func size(n : Nat) : Blob = Blob.fromArray([Nat8.fromNat(n)]);
    let bits = 2 + id.size() + seed.size();
    let algorithm : Blob = "\30\0c\06\0a\2b\06\01\04\01\83\b8\43\01\02";
    let parts : [Blob] = ["\30", size(algorithm.size() + 2 + bits), algorithm, "\03", size(bits), "\00", size(id.size()), id, seed];
    Cbor.concat(parts.values());
  };
};

import Array "mo:core/Array";
import Blob "mo:core/Blob";
import CertifiedData "mo:core/CertifiedData";
import List "mo:core/List";
import Nat64 "mo:core/Nat64";
import Nat8 "mo:core/Nat8";
import Principal "mo:core/Principal";
import Text "mo:core/Text";
import HashTree "../lib/HashTree";
import Sha256 "../lib/Sha256";
import Interface "Interface";

/// Certifies of each video, at ["video", id], the representation-independent hash of the fields that a client acts on.
/// The order of a feed is not certified: that a recommender has ranked well cannot be proved.
module {
  public func place(id : Text) : HashTree.Path = ["video".encodeUtf8(), id.encodeUtf8()];

  public func seal(tree : HashTree.Tree) = CertifiedData.set(tree.hash());

  /// Proves the content of each video, or its absence.
  public func proof(tree : HashTree.Tree, certificate : ?Blob, ids : [Text]) : Interface.Proof {
    { certificate; witness = tree.witness(ids.map(place)) };
  };

  /// @source IC interface specification, "Representation-independent hashing of structured data"
  public func hash(video : Interface.VideoInput) : Blob {
    let fields : [(Text, Blob)] = [
      ("id", video.id.encodeUtf8()),
      ("attempt", leb128(video.attempt)),
      ("owner", video.owner.toText().encodeUtf8()),
      ("title", video.title.encodeUtf8()),
      ("storage", video.storage.toText().encodeUtf8()),
      ("player", video.player.encodeUtf8()),
      ("hls", video.hls.encodeUtf8()),
      ("dash", video.dash.encodeUtf8()),
      ("poster", video.poster.encodeUtf8()),
      ("manifest_sha256", video.manifest_sha256),
      ("status", statusName(video.status).encodeUtf8()),
    ];
    let pairs = fields.map(func(name, value) = (Sha256.hash(name.encodeUtf8()), Sha256.hash(value)));
    let sorted = pairs.sort(func(a, b) = Blob.compare(a.0, b.0));
    Sha256.hashParts(sorted.flatMap(func(name, value) = [name, value].values()));
  };

  func statusName(status : Interface.Status) : Text {
    switch status {
      case (#Draft) "Draft";
      case (#Uploaded) "Uploaded";
      case (#Transcoding) "Transcoding";
      case (#CheckingExplicitness) "CheckingExplicitness";
      case (#ReadyToView) "ReadyToView";
      case (#BannedForExplicitness) "BannedForExplicitness";
      case (#BannedDueToUserReporting) "BannedDueToUserReporting";
      case (#Deleted) "Deleted";
    };
  };

  func leb128(number : Nat64) : Blob {
    let bytes = List.empty<Nat8>();
    var rest = number;
    while (rest >= 0x80) {
      bytes.add((rest & 0x7f | 0x80).toNat8());
      rest >>= 7;
    };
    bytes.add(rest.toNat8());
    Blob.fromArray(bytes.toArray());
  };
};

import Nat "mo:core/Nat";
import Nat64 "mo:core/Nat64";
import Principal "mo:core/Principal";
import Text "mo:core/Text";
import Interface "Interface";
import Views "Views";

/// A post as it is stored, and its key. Fields added later are optional: older bytes must stay readable.
module {
  public type Post = {
    content : Interface.PostInput;
    status : Interface.Status;
    created_at : Nat64;
    likes : Nat64;
    shares : Nat64;
    hot : Nat64;
    not_ : Nat64;
    views : Views.Views;
    /// The attempt of the pipeline that set the status.
    attempt : ?Nat64;
    /// Set if Marks.mo holds everything that others did to the post. Posts of release 0.1 have a record for each like,
    /// share and vote, which goes into Marks.mo when that principal acts again.
    marks : ?{ #all };
  };

  public let prefix = "post/";

  /// Keys sort like the numbers, up to 10^12 posts.
  public func key(id : Nat64) : Text = prefix # padded(id);

  /// @return null for the key of another record
  public func idOf(key : Text) : ?Nat64 {
    let ?digits = key.stripStart(#text prefix) else return null;
    let ?id = Nat.fromText(digits) else return null;
    ?Nat64.fromNat(id);
  };

  /// The key for what a principal did to a post of release 0.1: `like`, `share` or `vote`.
  public func formerMark(kind : Text, id : Nat64, by : Principal) : Text = kind # "/" # padded(id) # "/" # by.toText();

  public func start(content : Interface.PostInput, now : Nat64) : Post {
    { content; status = #Uploaded; created_at = now; likes = 0; shares = 0; hot = 0; not_ = 0; views = Views.none; attempt = null; marks = ?#all };
  };

  /// The pipeline moves forward; a failed attempt starts again at Transcoding; only a moderator may lift a ban.
  public func mayBecome(from : Interface.Status, to : Interface.Status, moderator : Bool) : Bool {
    switch (from, to) {
      case (#Deleted, _) false;
      case (_, #Deleted) false;
      case (_, #BannedDueToUserReporting) moderator;
      case (#BannedForExplicitness or #BannedDueToUserReporting, _) moderator;
      case (_, #BannedForExplicitness) true;
      case (#Draft, _) to == #Uploaded;
      case (#Uploaded, _) to == #Transcoding;
      case (#Transcoding, _) to == #CheckingExplicitness;
      case (#CheckingExplicitness, _) to == #ReadyToView or to == #Transcoding;
      case (#ReadyToView, _) to == #Transcoding or to == #CheckingExplicitness;
    };
  };

  /// What an attempt of the pipeline may set. The attempt number keeps the order, so steps may be skipped.
  public func mayBeSetTo(from : Interface.Status, to : Interface.Status, moderator : Bool) : Bool {
    switch (from, to) {
      case (_, #Draft or #Uploaded) false;
      case (#Deleted, _) to == #Deleted;
      case (_, #Deleted) true;
      case (_, #BannedDueToUserReporting) moderator;
      case (#BannedForExplicitness or #BannedDueToUserReporting, _) moderator or from == to;
      case _ true;
    };
  };

  /// Compares by the order of a video's life.
  public func isBefore(one : Interface.Status, other : Interface.Status) : Bool = rank(one) < rank(other);

  func rank(status : Interface.Status) : Nat {
    switch status {
      case (#Draft) 0;
      case (#Uploaded) 1;
      case (#Transcoding) 2;
      case (#CheckingExplicitness) 3;
      case (#ReadyToView) 4;
      case (#BannedForExplicitness or #BannedDueToUserReporting) 5;
      case (#Deleted) 6;
    };
  };

  public func padded(id : Nat64) : Text {
    let digits = id.toText();
    var zeros = "";
    var missing = 12 - digits.size() : Int;
    while (missing > 0) {
      zeros #= "0";
      missing -= 1;
    };
    zeros # digits;
  };
};

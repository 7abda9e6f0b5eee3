import Nat64 "mo:core/Nat64";
import Principal "mo:core/Principal";
import Text "mo:core/Text";
import Interface "Interface";
import Views "Views";

/// A post as it is stored, and where. What is added later is optional: older bytes must stay readable.
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
  };

  public let prefix = "post/";

  /// Keys sort as the numbers do: 10^12 posts.
  public func key(id : Nat64) : Text = prefix # padded(id);

  /// What one principal did to a post: `like`, `share`, `vote`.
  public func mark(kind : Text, id : Nat64, by : Principal) : Text = kind # "/" # padded(id) # "/" # by.toText();

  public func start(content : Interface.PostInput, now : Nat64) : Post {
    { content; status = #Uploaded; created_at = now; likes = 0; shares = 0; hot = 0; not_ = 0; views = Views.none };
  };

  /// The pipeline goes forward; a failed attempt starts again at Transcoding; a ban is lifted by a moderator only.
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

  func padded(id : Nat64) : Text {
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

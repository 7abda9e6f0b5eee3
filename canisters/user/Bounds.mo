import Array "mo:core/Array";
import Char "mo:core/Char";
import Iter "mo:core/Iter";
import Nat "mo:core/Nat";
import Text "mo:core/Text";
import Interface "Interface";

/// Limits of what a user may send.
module {
  let description = 2_000;
  let hashtags = 60;
  let hashtag = 100;
  let displayName = 100;
  let bio = 1_000;
  let url = 1_000;

  /// Posts of one user.
  public let posts : Nat64 = 1_000_000;
  /// Bytes of one user's records: strangers with any number of identities must not fill a shared canister.
  public let bytes = 200_000_000;

  /// @return the first thing that is wrong, as a sentence
  public func ofPost(post : Interface.PostInput) : ?Text {
    // The ids that the content index accepts.
    if (not isId(post.video_uid)) return ?"video_uid must have 1 to 64 letters, digits, - or _";
    let fault = tooLong([("description", post.description, description)]);
    if (fault != null) return fault;
    if (post.hashtags.size() > hashtags) return ?("a post may have at most " # hashtags.toText() # " hashtags");
    tooLong(post.hashtags.map<Text, (Text, Text, Nat)>(func tag = ("a hashtag", tag, hashtag)));
  };

  public func ofProfile(profile : Interface.ProfileInput) : ?Text {
    tooLong([("display_name", profile.display_name, displayName), ("bio", profile.bio, bio), ("profile_picture_url", profile.profile_picture_url, url)]);
  };

  func isId(text : Text) : Bool {
    text != "" and text.size() <= 64 and text.chars().all(
      func char = (char >= 'a' and char <= 'z') or (char >= 'A' and char <= 'Z') or char.isDigit() or char == '-' or char == '_'
    );
  };

  func tooLong(texts : [(Text, Text, Nat)]) : ?Text {
    for ((name, text, max) in texts.values()) {
      if (text.size() > max) return ?(name # " may have at most " # max.toText() # " characters, not " # text.size().toText());
    };
    null;
  };
};

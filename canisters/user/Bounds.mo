import Array "mo:core/Array";
import Char "mo:core/Char";
import Iter "mo:core/Iter";
import Nat "mo:core/Nat";
import Text "mo:core/Text";
import Interface "Interface";

/// Limits of what a user may send. Texts are measured in bytes of UTF-8.
module {
  let description = 4_000;
  let hashtags = 60;
  let hashtag = 200;
  let displayName = 200;
  let bio = 2_000;
  let url = 2_000;

  /// Bytes of an encoded argument: the texts above and what Candid adds.
  public let postArgument = 20_000;
  public let profileArgument = 6_000;
  public let otherArgument = 1_000;

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
    let picture = profile.profile_picture_url;
    if (picture != "" and not isWebUrl picture) return ?"profile_picture_url must be empty or begin with https:// or http://";
    tooLong([("display_name", profile.display_name, displayName), ("bio", profile.bio, bio), ("profile_picture_url", profile.profile_picture_url, url)]);
  };

  /// Pages use it as the address of a picture or link: no other scheme (`javascript:`, `data:`).
  func isWebUrl(url : Text) : Bool {
    let lower = url.toLower();
    (lower.startsWith(#text "https://") or lower.startsWith(#text "http://")) and url.chars().all(func char = char > ' ' and char != '\u{7f}');
  };

  func isId(text : Text) : Bool {
    text != "" and text.size() <= 64 and text.chars().all(
      func char = (char >= 'a' and char <= 'z') or (char >= 'A' and char <= 'Z') or char.isDigit() or char == '-' or char == '_'
    );
  };

  func tooLong(texts : [(Text, Text, Nat)]) : ?Text {
    for ((name, text, max) in texts.values()) {
      let bytes = text.encodeUtf8().size();
      if (bytes > max) return ?(name # " may have at most " # max.toText() # " bytes in UTF-8, not " # bytes.toText());
    };
    null;
  };
};

import Array "mo:core/Array";
import Map "mo:core/Map";
import Nat64 "mo:core/Nat64";
import Principal "mo:core/Principal";
import Text "mo:core/Text";
import Interface "Interface";

/// Feeds made by a recommender, for a single user or for a segment of users. The previous feed is kept, so that a
/// reader in the middle of it can reach its end.
module {
  /// `version` is the recommender's sequence; videos by their sequence in the catalogue.
  public type Feed = { version : Nat64; model : Text; videos : [Nat64] };
  type Feeds = { current : Feed; former : ?Feed };
  public type Pushed = { users : Map.Map<Principal, Feeds>; segments : Map.Map<Text, Feeds> };

  public func empty() : Pushed = { users = Map.empty(); segments = Map.empty() };

  /// The same version again changes nothing; an older one is refused.
  public func put(self : Pushed, target : Interface.Target, feed : Feed) : { #applied; #stale } {
    let known = feedsOf(self, target);
    let former = switch known {
      case (?{ current }) {
        if (feed.version < current.version) return #stale;
        if (feed.version == current.version) return #applied;
        ?current;
      };
      case null null;
    };
    let feeds = { current = feed; former };
    switch target {
      case (#user id) self.users.add(id, feeds);
      case (#segment name) self.segments.add(name, feeds);
    };
    #applied;
  };

  /// The feed of that version if it is still kept, else the current one.
  public func get(self : Pushed, target : Interface.Target, version : ?Nat64) : ?Feed {
    let ?{ current; former } = feedsOf(self, target) else return null;
    switch former { case (?feed) if (?feed.version == version) return former; case null {} };
    ?current;
  };

  func feedsOf(self : Pushed, target : Interface.Target) : ?Feeds {
    switch target {
      case (#user id) self.users.get(id);
      case (#segment name) self.segments.get(name);
    };
  };
};

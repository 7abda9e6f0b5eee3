import Array "mo:core/Array";
import Error "mo:core/Error";
import Iter "mo:core/Iter";
import Map "mo:core/Map";
import Principal "mo:core/Principal";
import Result "mo:core/Result";
import Text "mo:core/Text";
import Time "mo:core/Time";

/// A cache of the project's membership list. It answers at once while it is fresh, asks again when it is not, and
/// refuses everybody once it could not be renewed for a minute: so a revoked role ends within that minute, and a
/// granted one begins at once, because nobody is refused on an old list.
module {
  public type Role = { #admin; #publisher; #recommender; #moderator; #canister };
  public type Member = { id : Principal; roles : [Role] };
  public type Membership = { epoch : Nat64; members : [Member] };

  /// Where the list is kept.
  public type Source = actor { membership : shared query () -> async Membership };

  /// `readAt` in nanoseconds since 1970; the list before the first reading is as old as can be.
  public type Cache = { var epoch : Nat64; var roles : Map.Map<Principal, [Role]>; var readAt : Time.Time };

  /// Up to this age (nanoseconds) the list is used without asking.
  let fresh = 30_000_000_000;
  /// Up to this age the list is used when asking fails.
  let bound = 60_000_000_000;

  /// What to start from, also after an upgrade.
  public func unread() : Cache = { var epoch = 0; var roles = Map.empty(); var readAt = 0 };

  /// Passes when the caller has one of the roles.
  /// @return err: a sentence for the caller
  public func require(cache : Cache, source : Source, caller : Principal, roles : [Role]) : async* Result.Result<(), Text> {
    if (age(cache) <= fresh and allows(cache, caller, roles)) return #ok;
    let failure = await* renew(cache, source);
    if (age(cache) > bound) {
      return #err("the membership list in " # Principal.fromActor(source).toText() # " cannot be read: " # failure);
    };
    if (allows(cache, caller, roles)) return #ok;
    let names = roles.values().map(name).join(" or ");
    #err(caller.toText() # " lacks the role " # names # ": an admin grants it in " # Principal.fromActor(source).toText());
  };

  /// What the list says as it was last read, without asking: for a second question after `require`.
  public func allows(cache : Cache, caller : Principal, roles : [Role]) : Bool {
    let ?held = cache.roles.get(caller) else return false;
    roles.any(func role = held.any(func other = other == role));
  };

  /// @return why it failed, or an empty text
  func renew(cache : Cache, source : Source) : async* Text {
    // The list is at least as new as the moment before it was asked for.
    let askedAt = Time.now();
    try {
      let { epoch; members } = await (with timeout = 10) source.membership();
      // Answers may overtake each other.
      if (epoch >= cache.epoch) {
        cache.epoch := epoch;
        cache.roles := Map.fromIter(members.values().map(func member = (member.id, member.roles)));
        cache.readAt := askedAt;
      };
      "";
    } catch error error.message();
  };

  func age(cache : Cache) : Time.Time = Time.now() - cache.readAt;

  func name(role : Role) : Text {
    switch role {
      case (#admin) "admin";
      case (#publisher) "publisher";
      case (#recommender) "recommender";
      case (#moderator) "moderator";
      case (#canister) "canister";
    };
  };
};

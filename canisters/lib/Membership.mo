import Array "mo:core/Array";
import Error "mo:core/Error";
import Iter "mo:core/Iter";
import Map "mo:core/Map";
import Principal "mo:core/Principal";
import Result "mo:core/Result";
import Text "mo:core/Text";
import Time "mo:core/Time";
import RoleName "Role";

/// A cache of the project's membership list, one principal at a time, so that a list of a million canisters costs no
/// more than one of three. It replies immediately while it is fresh, reads the list again when it is not, and refuses
/// every caller once it could not be renewed for a minute. So a revoked role ends within that minute. A refusal is reused for
/// five seconds, so that a stranger's messages do not cost a call each; a granted role takes effect after that.
module {
  public type Role = RoleName.Role;

  /// The epoch increases with every change of the list: a reply is valid for one epoch.
  public type Member = { epoch : Nat64; roles : [Text] };

  /// The canister that holds the list.
  public type Source = actor { member : shared query Principal -> async Member };

  /// What was read in one epoch; `readAt`, nanoseconds since 1970, is when that epoch was last known to be current.
  public type Cache = { var epoch : Nat64; var roles : Map.Map<Principal, [Text]>; var readAt : Time.Time; refusedAt : Map.Map<Principal, Time.Time> };

  /// Up to this age (nanoseconds) the list is used without reading it again.
  let fresh = 30_000_000_000;
  /// Up to this age the list is used when reading fails, and by queries, which cannot read it.
  let bound = 60_000_000_000;
  /// Up to this age a refusal is reused.
  let refusedFor = 5_000_000_000;
  /// Strangers must not fill the memory.
  let maxPrincipals = 10_000;

  /// The initial cache, also after an upgrade.
  public func unread() : Cache = { var epoch = 0; var roles = Map.empty(); var readAt = 0; refusedAt = Map.empty() };

  /// Passes when the caller has one of the roles.
  /// @return err: a sentence for the caller
  public func require(cache : Cache, source : Source, caller : Principal, roles : [Role]) : async* Result.Result<(), Text> {
    if (age(cache) <= fresh and allows(cache, caller, roles)) return #ok;
    if (wasRefused(cache, caller) and cache.roles.containsKey(caller)) return refusal(source, caller, roles);
    let failure = await* renew(cache, source, caller);
    if (failure != "" and (age(cache) > bound or not cache.roles.containsKey(caller))) {
      return #err("the membership list in " # nameOf(source) # " cannot be read: " # failure);
    };
    if (allows(cache, caller, roles)) return #ok;
    cache.refusedAt.add(caller, Time.now());
    refusal(source, caller, roles);
  };

  /// Whether the caller was refused a moment ago and has no role at all: for `inspect`.
  public func isStranger(cache : Cache, caller : Principal) : Bool {
    let ?held = cache.roles.get(caller) else return false;
    held.isEmpty() and wasRefused(cache, caller);
  };

  /// The same for queries, which cannot read the list: an entry up to the bound counts, an older one is refused.
  /// @param refresh the update method of the same canister that reads the list again
  public func requireCached(cache : Cache, caller : Principal, roles : [Role], refresh : Text) : Result.Result<(), Text> {
    if (age(cache) > bound or not cache.roles.containsKey(caller)) {
      return #err("the membership list was not read within the last minute: call " # refresh # ", then try again");
    };
    if (allows(cache, caller, roles)) #ok else #err(lacks(caller, roles));
  };

  /// Whether the list, as last read, gives the caller one of the roles: for a second check after `require`.
  public func allows(cache : Cache, caller : Principal, roles : [Role]) : Bool {
    let ?held = cache.roles.get(caller) else return false;
    roles.any(func role = held.any(func name = name == RoleName.name(role)));
  };

  /// @return why it failed, or an empty text
  func renew(cache : Cache, source : Source, caller : Principal) : async* Text {
    // The reply is at least as recent as the moment before the request.
    let requestedAt = Time.now();
    try {
      let { epoch; roles } = await (with timeout = 10) source.member(caller);
      // Replies may overtake each other; after the bound, a lower epoch is that of a list restored from a backup.
      if (epoch < cache.epoch and age(cache) <= bound) return "the reply is older than the previous one";
      if (epoch != cache.epoch or cache.roles.size() >= maxPrincipals) {
        cache.roles.clear();
        cache.refusedAt.clear();
      };
      cache.epoch := epoch;
      if (requestedAt > cache.readAt) cache.readAt := requestedAt;
      cache.roles.add(caller, roles);
      "";
    } catch error error.message();
  };

  func wasRefused(cache : Cache, caller : Principal) : Bool {
    let ?at = cache.refusedAt.get(caller) else return false;
    Time.now() - at <= refusedFor;
  };

  func refusal(source : Source, caller : Principal, roles : [Role]) : Result.Result<(), Text> {
    #err(lacks(caller, roles) # ": an admin grants it in " # nameOf(source));
  };

  func age(cache : Cache) : Time.Time = Time.now() - cache.readAt;

  func nameOf(source : Source) : Text = Principal.fromActor(source).toText();

  func lacks(caller : Principal, roles : [Role]) : Text {
    caller.toText() # " lacks the role " # roles.values().map(RoleName.name).join(" or ");
  };
};

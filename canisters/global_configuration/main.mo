import Array "mo:core/Array";
import Iter "mo:core/Iter";
import Map "mo:core/Map";
import Nat32 "mo:core/Nat32";
import Principal "mo:core/Principal";
import Result "mo:core/Result";
import Text "mo:core/Text";
import Timer "mo:core/Timer";
import Funds "../lib/Funds";
import Membership "../lib/Membership";
import Role "../lib/Role";
import Audit "Audit";
import Directory "Directory";
import Names "Names";

/// The project's membership list: who may do what, where its canisters are, which features are enabled. The other
/// canisters cache the roles of their callers (lib/Membership.mo).
persistent actor class GlobalConfiguration(init : { admins : [Principal] }) = this {
  type Role = Role.Role;
  type Error = { #unauthorized : Text; #invalid : Text };
  type Result<Value> = Result.Result<Value, Error>;

  var epoch : Nat64 = 1;
  /// Roles by name, see Role.mo.
  let grants : Map.Map<Principal, [Text]> = Map.empty();
  let directory = Directory.empty();
  let flags : Map.Map<Text, Bool> = Map.empty();
  let wellKnown : Map.Map<Text, Principal> = Map.empty();
  let audit = Audit.empty();

  /// Where releases before 0.2 kept the roles: migrated by the first upgrade, empty since.
  let roles : Map.Map<Principal, [{ #admin; #publisher; #recommender; #moderator; #canister }]> = Map.empty();
  for ((id, held) in roles.entries()) grants.add(id, held.map(func role = Role.name(role)));
  if (grants.isEmpty()) for (id in init.admins.values()) grants.add(id, [Role.name(#admin)]);
  roles.clear();

  /// Entries per reply: well below the platform's 2 MiB.
  transient let maxPage : Nat32 = 10_000;

  let funds = Funds.meter();
  transient let reserve = Funds.reserve();
  ignore Timer.recurringTimer<system>(#hours 1, func() : async () { await* Funds.measure(funds, reserve, Principal.fromActor(this)) });

  /// Refuses arguments that are larger than any method's before they cost more than their arrival.
  system func inspect({ caller : Principal; arg : Blob }) : Bool = not caller.isAnonymous() and arg.size() <= 10_000;

  public shared ({ caller }) func grant(id : Principal, role : Role) : async Result<Nat64> {
    if (not isAdmin(caller)) return #err(unauthorized(caller));
    if (id.isAnonymous()) return #err(#invalid "the anonymous principal cannot have a role");
    if (has(id, role)) return #ok epoch;
    add(id, role);
    #ok(changed(caller, "granted " # Role.name(role) # " to " # id.toText()));
  };

  public shared ({ caller }) func revoke(id : Principal, role : Role) : async Result<Nat64> {
    if (not isAdmin(caller)) return #err(unauthorized(caller));
    if (not has(id, role)) return #ok epoch;
    if (role == #admin and admins() == 1) {
      return #err(#invalid "this is the last admin: grant the role to another principal first");
    };
    remove(id, role);
    #ok(changed(caller, "revoked " # Role.name(role) # " of " # id.toText()));
  };

  public shared ({ caller }) func register_canister(canister : Directory.Canister) : async Result<Nat64> {
    if (not mayRegister(caller, canister.kind)) return #err(unauthorized(caller));
    if (canister.id.isAnonymous()) return #err(#invalid "the anonymous principal is not a canister");
    if (directory.find(canister.id) == ?canister and has(canister.id, #canister)) return #ok epoch;
    directory.put(canister);
    add(canister.id, #canister);
    #ok(changed(caller, "registered " # Directory.name(canister.kind) # " " # canister.id.toText()));
  };

  public shared ({ caller }) func deregister_canister(id : Principal) : async Result<Nat64> {
    let ?{ kind } = directory.find(id) else {
      return if (isAdmin(caller)) #ok epoch else #err(unauthorized(caller));
    };
    if (not mayRegister(caller, kind)) return #err(unauthorized(caller));
    directory.remove(id);
    remove(id, #canister);
    #ok(changed(caller, "deregistered " # Directory.name(kind) # " " # id.toText()));
  };

  public shared ({ caller }) func set_flag(name : Text, value : Bool) : async Result<()> {
    if (not isAdmin(caller)) return #err(unauthorized(caller));
    switch (Names.fault(name, flags.containsKey(name), flags.size())) {
      case (?reason) return #err(#invalid reason);
      case null {};
    };
    if (flags.get(name) == ?value) return #ok;
    flags.add(name, value);
    audit.record(caller, "set flag " # name # " to " # (if value "on" else "off"));
    #ok;
  };

  public shared ({ caller }) func set_well_known_principal(name : Text, id : ?Principal) : async Result<()> {
    if (not isAdmin(caller)) return #err(unauthorized(caller));
    switch (Names.fault(name, wellKnown.containsKey(name), wellKnown.size())) {
      case (?reason) return #err(#invalid reason);
      case null {};
    };
    if (wellKnown.get(name) == id) return #ok;
    let text = switch id {
      case (?principal) { wellKnown.add(name, principal); principal.toText() };
      case null { wellKnown.remove(name); "none" };
    };
    audit.record(caller, "set well-known principal " # name # " to " # text);
    #ok;
  };

  public query func cycles_report() : async Funds.Report { funds.report(reserve) };

  public query func member(id : Principal) : async Membership.Member { { epoch; roles = held(id) } };

  public query func roles_of(id : Principal) : async [Role] { rolesOf(id) };

  public query func has_role(id : Principal, role : Role) : async Bool { has(id, role) };

  public query func members({ after : ?Principal; limit : Nat32 }) : async { epoch : Nat64; members : [{ id : Principal; roles : [Role] }] } {
    let entries = switch after { case (?id) grants.entriesFrom(id); case null grants.entries() };
    let page = entries.filter(func(id, _) = ?id != after).take(pageSize(limit));
    { epoch; members = page.map(func(id, _) = { id; roles = rolesOf(id) }).toArray() };
  };

  public query func canisters({ kind : ?Directory.Kind; subnet : ?Principal; after : ?Principal; limit : Nat32 }) : async [Directory.Canister] {
    directory.page(kind, subnet, after, pageSize(limit));
  };

  public query func list_flags() : async [(Text, Bool)] { flags.toArray() };

  public query func get_well_known_principal_value(name : Text) : async ?Principal { wellKnown.get(name) };

  public query func list_well_known_principals() : async [(Text, Principal)] { wellKnown.toArray() };

  public query func audit_log({ from : Nat64; limit : Nat32 }) : async [Audit.Entry] { audit.page(from, pageSize(limit)) };

  func pageSize(limit : Nat32) : Nat = Nat32.min(limit, maxPage).toNat();

  func held(id : Principal) : [Text] {
    switch (grants.get(id)) { case (?names) names; case null [] };
  };

  func rolesOf(id : Principal) : [Role] = held(id).filterMap<Text, Role>(Role.named);

  func has(id : Principal, role : Role) : Bool = held(id).any(func name = name == Role.name(role));

  func admins() : Nat = grants.values().filter(func names = names.any(func name = name == Role.name(#admin))).size();

  func isAdmin(caller : Principal) : Bool = has(caller, #admin) or caller.isController();

  /// user_index registers the user canisters that it creates.
  func mayRegister(caller : Principal, kind : Directory.Kind) : Bool {
    if (isAdmin(caller)) return true;
    let ?registered = directory.find(caller) else return false;
    kind == #user and registered.kind == #user_index and has(caller, #canister);
  };

  func unauthorized(caller : Principal) : Error = #unauthorized(caller.toText() # " lacks the role admin");

  func add(id : Principal, role : Role) {
    if (not has(id, role)) grants.add(id, held(id).concat([Role.name(role)]));
  };

  func remove(id : Principal, role : Role) {
    let rest = held(id).filter(func name = name != Role.name(role));
    if (rest.isEmpty()) grants.remove(id) else grants.add(id, rest);
  };

  /// @return the new epoch
  func changed(by : Principal, change : Text) : Nat64 {
    audit.record(by, change);
    epoch += 1;
    epoch;
  };
};

/// What a principal may do in this project. Canisters keep and send roles by name, so that a release which knows one
/// more can be installed beside others that do not.
module {
  public type Role = { #admin; #publisher; #uploader; #committer; #recommender; #moderator; #canister };

  let all : [Role] = [#admin, #publisher, #uploader, #committer, #recommender, #moderator, #canister];

  public func name(role : Role) : Text {
    switch role {
      case (#admin) "admin";
      case (#publisher) "publisher";
      case (#uploader) "uploader";
      case (#committer) "committer";
      case (#recommender) "recommender";
      case (#moderator) "moderator";
      case (#canister) "canister";
    };
  };

  /// @return null for the name of a role that this release does not know
  public func named(text : Text) : ?Role {
    for (role in all.values()) if (name(role) == text) return ?role;
    null;
  };
};

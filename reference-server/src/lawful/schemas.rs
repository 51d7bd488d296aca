//! Which attributes and types there are, and what is declared of them: the provider's to say.

use super::{EVERYONE, LawfulInfo, NOT_ENTRA, NOT_OKTA, RFC_ONLY};
use crate::protocol::schema::ENTERPRISE;

/// What users of a small product don't have.
const SPARED: [&str; 19] = [
    ENTERPRISE,
    "User.addresses",
    "User.emails.display",
    "User.entitlements",
    "User.ims",
    "User.locale",
    "User.name.formatted",
    "User.name.honorificPrefix",
    "User.name.honorificSuffix",
    "User.name.middleName",
    "User.nickName",
    "User.photos",
    "User.preferredLanguage",
    "User.profileUrl",
    "User.roles",
    "User.timezone",
    "User.title",
    "User.userType",
    "User.x509Certificates",
];

/// What they don't have either where they are hardly more than a name.
const SPARED_TOO: [&str; 5] = [
    "User.displayName",
    "User.groups",
    "User.name",
    "User.password",
    "User.phoneNumbers",
];

/// The extension of `own-extension`.
const OWN: &str = "urn:example:params:scim:schemas:extension:account:2.0:User";
const OWN_SCHEMA: &str = include_str!("../../schemas/own-extension.json");

/// Resource types and attributes of every kind that a provider may declare.
pub(crate) const OWN_TYPES: &str = include_str!("../../schemas/own-types.json");
const MORE_REQUIRED: &str = include_str!("../../schemas/lawful/more-required.json");
const REQUIRED_EXTENSION: &str = include_str!("../../schemas/lawful/required-extension.json");
const ALWAYS_RETURNED: &str = include_str!("../../schemas/lawful/always-returned.json");
const UNIQUE_NUMBERS: &str = include_str!("../../schemas/lawful/unique-numbers.json");
const ON_REQUEST: &str = include_str!("../../schemas/lawful/on-request.json");
const REQUIRED_REFERENCES: &str = include_str!("../../schemas/lawful/required-references.json");
const FIXED_USER_NAMES: &str = include_str!("../../schemas/lawful/fixed-user-names.json");

pub(super) fn variants() -> Vec<LawfulInfo> {
    vec![
        LawfulInfo {
            name: "no-groups",
            title: "No groups",
            what: "There is no type but User, and nothing speaks of groups.",
            source: "RFC 7644 section 3.2: a provider chooses its types",
            suits: RFC_ONLY,
            declares: &["groups = \"none\""],
            change: |behaviour| {
                behaviour.groups = false;
                behaviour.without.push("User.groups".to_owned());
            },
        },
        LawfulInfo {
            name: "no-enterprise",
            title: "No enterprise extension",
            what: "Users have the core schema alone.",
            source: "RFC 7643 section 4.3: the extension is optional",
            suits: RFC_ONLY,
            declares: &[],
            change: |behaviour| behaviour.without.push(ENTERPRISE.to_owned()),
        },
        LawfulInfo {
            name: "few-attributes",
            title: "Few attributes",
            what: "Users have a name, addresses and a state; /Schemas declares nothing else.",
            source: "RFC 7643 section 4.1: all but userName is optional",
            suits: RFC_ONLY,
            declares: &[],
            change: |behaviour| behaviour.without.extend(SPARED.map(str::to_owned)),
        },
        LawfulInfo {
            name: "no-groups-of-users",
            title: "Users don't show their groups",
            what: "The attribute groups is neither declared nor returned.",
            source: "RFC 7643 section 4.1.2: groups is optional",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| {
                behaviour.shows_groups = false;
                behaviour.without.push("User.groups".to_owned());
            },
        },
        LawfulInfo {
            name: "own-extension",
            title: "Users have a declared extension of the provider",
            what: "Every user is shown with readOnly values that nobody sent, under a URN of the provider's own.",
            source: "RFC 7643 section 3.3: extensions",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| {
                behaviour.own_extension = Some(OWN.to_owned());
                behaviour.schemas.push(OWN_SCHEMA.to_owned());
            },
        },
        LawfulInfo {
            name: "same-group-names",
            title: "Groups may share a name",
            what: "A second group with the same displayName is created.",
            source: "RFC 7643 section 4.2: displayName has uniqueness none",
            suits: NOT_ENTRA,
            declares: &[],
            change: |behaviour| behaviour.leniency.unique_group_names = false,
        },
        LawfulInfo {
            name: "user-names-alone",
            title: "Users are a name, an address and a state",
            what: "No names, groups or passwords, no extension; /Schemas declares nothing else.",
            source: "RFC 7643 section 4.1: all but userName is optional",
            suits: RFC_ONLY,
            declares: &[],
            change: |behaviour| {
                behaviour.without.extend(SPARED.map(str::to_owned));
                behaviour.without.extend(SPARED_TOO.map(str::to_owned));
                behaviour.shows_groups = false;
            },
        },
        LawfulInfo {
            name: "no-active",
            title: "Users have no state",
            what: "The attribute active is neither declared nor stored.",
            source: "RFC 7643 section 4.1.1: active is optional",
            suits: RFC_ONLY,
            declares: &[],
            change: |behaviour| behaviour.without.push("User.active".to_owned()),
        },
        LawfulInfo {
            name: "no-passwords",
            title: "No passwords",
            what: "The attribute password is neither declared nor looked at.",
            source: "RFC 7643 section 4.1.1: password is optional",
            suits: NOT_OKTA,
            declares: &[],
            change: |behaviour| behaviour.without.push("User.password".to_owned()),
        },
        LawfulInfo {
            name: "more-required",
            title: "Users need a name and an address",
            what: "name.familyName and emails are declared as required, and a user without them is refused.",
            source: "RFC 7643 sections 2.2 and 7: required is the provider's to declare",
            suits: RFC_ONLY,
            declares: &[],
            change: |behaviour| behaviour.schemas.push(MORE_REQUIRED.to_owned()),
        },
        LawfulInfo {
            name: "required-extension",
            title: "Users need an extension",
            what: "A user without the provider's own extension is refused, as /ResourceTypes declares.",
            source: "RFC 7643 section 6: schemaExtensions.required",
            suits: RFC_ONLY,
            declares: &[],
            change: |behaviour| behaviour.schemas.push(REQUIRED_EXTENSION.to_owned()),
        },
        LawfulInfo {
            name: "always-returned",
            title: "Some attributes are always returned",
            what: "userName, name, displayName and active are declared to be returned always, and are.",
            source: "RFC 7643 section 7: returned",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.schemas.push(ALWAYS_RETURNED.to_owned()),
        },
        LawfulInfo {
            name: "unique-numbers",
            title: "Employee numbers are unique",
            what: "employeeNumber is declared to be unique, and a second person with it is refused.",
            source: "RFC 7643 section 7: uniqueness",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.schemas.push(UNIQUE_NUMBERS.to_owned()),
        },
        LawfulInfo {
            name: "on-request",
            title: "Long lists are shown to who asks for them",
            what: "members of groups and phoneNumbers are declared to be returned on request, and are in no answer that was not asked for them.",
            source: "RFC 7643 section 7: returned",
            suits: RFC_ONLY,
            declares: &[],
            change: |behaviour| behaviour.schemas.push(ON_REQUEST.to_owned()),
        },
        LawfulInfo {
            name: "required-references",
            title: "References have an address",
            what: "$ref of members and managers is declared as required, and a reference without it is refused.",
            source: "RFC 7643 sections 2.2 and 7: required is the provider's to declare",
            suits: RFC_ONLY,
            declares: &[],
            change: |behaviour| behaviour.schemas.push(REQUIRED_REFERENCES.to_owned()),
        },
        LawfulInfo {
            name: "fixed-user-names",
            title: "User names do not change",
            what: "userName is declared immutable, and another one is refused.",
            source: "RFC 7643 section 7: mutability",
            suits: RFC_ONLY,
            declares: &[],
            change: |behaviour| behaviour.schemas.push(FIXED_USER_NAMES.to_owned()),
        },
        LawfulInfo {
            name: "own-types",
            title: "Resource types and attributes of the provider's own",
            what: "Devices with an extension that they need, and attributes of every kind for users.",
            source: "RFC 7643 sections 3.2, 3.3 and 6",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.schemas.push(OWN_TYPES.to_owned()),
        },
        LawfulInfo {
            name: "terse-schemas",
            title: "Characteristics that are so by default are not listed",
            what: "Attributes in /Schemas speak of caseExact and uniqueness only where these differ from the defaults.",
            source: "RFC 7643 section 2.2: defaults",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.listing.terse = true,
        },
        LawfulInfo {
            name: "common-listed",
            title: "Common attributes are listed",
            what: "id, externalId and meta stand in /Schemas with the others.",
            source: "RFC 7643 section 3.1 leaves open whether they do",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.listing.common = true,
        },
        LawfulInfo {
            name: "relative-discovery",
            title: "Locations of schemas are relative",
            what: "meta.location of schemas and resource types, and their endpoints, have no base URL and no slash before them.",
            source: "RFC 7643 section 2.3.7, erratum 5607",
            suits: EVERYONE,
            declares: &[],
            change: |behaviour| behaviour.listing.relative = true,
        },
    ]
}

// The tabs, from left to right. Each runs with one click: what a tab needs from an earlier one is
// filled in where its variables are "".
import { guide } from "./guide.js";

const demoPassword = "correct horse battery staple";

// A preset replaces the variables of a tab.
const customer = (username, more) => ({
  input: { username, password: demoPassword, previousRefreshToken: "", deviceToken: "", ...more },
});

const sampleCustomers = {
  demo: customer("demo"),
  "demo on another device": { input: { username: "demo", password: demoPassword } },
  imported: customer("imported"),
  locked: customer("locked"),
};

const failures = {
  "a made-up token": { refreshToken: "madeUp", attempt: null },
  "a bad attempt": { refreshToken: "", attempt: "too short" },
};

export const tabs = [
  {
    name: "AnonymousTicket",
    query: `# A ticket for a shopper who has not signed in.
# Press the pink button; each run is a new shopper.
mutation AnonymousTicket {
  anonymousShopperTicket {
    accessToken
    accessTokenExpiration
    accessTokenLifetime
    refreshToken
    refreshTokenExpiration
    refreshTokenLifetime
    refreshAfter
    userId
    behaviors
    customerAccount {
      userId
      isAnonymous
    }
  }
}`,
  },
  {
    name: "SignIn",
    query: `# Sign in with the name and password below.
# The page fills in refresh tokens for "".
mutation SignIn($input: CustomerUserAuthInfoInput!) {
  createUserTicket(input: $input) {
    accessToken
    accessTokenExpiration
    refreshToken
    refreshTokenExpiration
    userId
    behaviors
    claim
    claimedAnonymousUserId
    customerAccount {
      id
      userId
      userName
      emailAddress
      firstName
      lastName
      isAnonymous
      isActive
      isLocked
      hasExternalPassword
      customerSinceDate
      attributes {
        attributeDefinitionId
        fullyQualifiedName
        values
      }
    }
  }
}`,
    variables: guide.isDemo ? sampleCustomers.demo : customer("", { password: "" }),
    presets: guide.isDemo ? sampleCustomers : {},
  },
  {
    name: "Refresh",
    query: `# The next ticket, before the last one expires.
# The page fills in the newest refresh token for "".
mutation Refresh($refreshToken: String!) {
  refreshTicket(refreshToken: $refreshToken) {
    accessToken
    accessTokenExpiration
    refreshToken
    refreshTokenExpiration
    refreshAfter
    userId
    customerAccount {
      userName
      isAnonymous
    }
  }
}`,
    variables: { refreshToken: "" },
  },
  {
    name: "CurrentShopper",
    query: `# Who am I? The newest access token is sent along,
# unless Headers below have an authorization.
query CurrentShopper {
  currentShopper {
    userId
    isAnonymous
    application
    behaviors
    accessTokenExpiration
    accessTokenRemaining
    sessionId
    customerAccount {
      userName
      firstName
      lastName
    }
  }
}`,
  },
  {
    name: "Sessions",
    query: `# Where is this customer signed in?
# A SignIn without deviceToken is another device.
query Sessions {
  currentShopper {
    sessions {
      id
      isCurrent
      application
      startedAt
      refreshedAt
      expiresAt
      userAgent
    }
  }
}`,
  },
  {
    name: "EndSession",
    query: `# Sign out another device by its session's id.
# The page fills in the one that Sessions found.
mutation EndSession($sessionId: ID!) {
  endSession(id: $sessionId) {
    sessionsEnded
  }
}`,
    variables: { sessionId: "" },
  },
  {
    name: "FailsOnPurpose",
    query: `# Fails, to show what an error holds. A client
# must understand only the nextStep.
mutation FailsOnPurpose(
  $refreshToken: String!
  $attempt: String
) {
  refreshTicket(
    refreshToken: $refreshToken
    attempt: $attempt
  ) {
    accessToken
    refreshToken
  }
}`,
    variables: failures["a made-up token"],
    presets: failures,
  },
  {
    name: "SignOut",
    query: `# The session ends; try Refresh afterwards.
# "everywhere": true ends it on all devices.
mutation SignOut(
  $refreshToken: String!
  $everywhere: Boolean!
) {
  revokeTicket(
    refreshToken: $refreshToken
    everywhere: $everywhere
  ) {
    sessionsEnded
  }
}`,
    variables: { refreshToken: "", everywhere: false },
  },
];

export const presetsOf = (name) => tabs.find((tab) => tab.name === name)?.presets ?? {};

export const asText = (variables) => (variables ? JSON.stringify(variables, null, 2) : null);

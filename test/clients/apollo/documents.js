import { gql } from "graphql-tag";

export const password = "correct horse battery staple";
export const demo = { input: { username: "demo", password } };

export const signIn = gql`
  mutation SignIn($input: CustomerUserAuthInfoInput!) {
    ticket: createUserTicket(input: $input) {
      accessToken
      refreshToken
      sessionId
      claim
      claimedAnonymousUserId
    }
  }
`;

export const anonymous = gql`
  mutation Anonymous {
    ticket: anonymousShopperTicket {
      accessToken
      refreshToken
      userId
    }
  }
`;

export const refresh = gql`
  mutation Refresh($token: String!, $attempt: String) {
    ticket: refreshTicket(refreshToken: $token, attempt: $attempt) {
      accessToken
      refreshToken
    }
  }
`;

export const signOut = gql`
  mutation SignOut($token: String!, $everywhere: Boolean! = false) {
    revokeTicket(refreshToken: $token, everywhere: $everywhere) {
      sessionsEnded
    }
  }
`;

export const whoAmI = gql`
  query WhoAmI {
    currentShopper {
      customerAccount {
        isAnonymous
        userName
      }
    }
  }
`;

// What Kibo's Next.js storefront does with tickets. It cannot be installed as a package.

const account = "id userId firstName lastName emailAddress userName isAnonymous accountType companyOrOrganization";
const ticket = `
  accessToken accessTokenExpiration refreshToken refreshTokenExpiration userId jwtAccessToken
  customerAccount { ${account} }
`;

export const signIn = `
  mutation ($input: CustomerUserAuthInfoInput!) {
    account: createCustomerAuthTicket(customerUserAuthInfoInput: $input) { ${ticket} }
  }
`;
export const refresh = `
  mutation ($accountId: Int, $refreshToken: String) {
    account: refreshCustomerAuthTickets(accountId: $accountId, refreshToken: $refreshToken) { ${ticket} }
  }
`;
export const whoAmI = `query { customerAccount: getCurrentAccount { ${account} } }`;
export const anonymous = "query { token: getAnonymousShopperToken { accessToken } }";

// Returns the numbers of the behaviors in a JWT. Each pair has the index of a word, and the word.
// The results of JavaScript's bit operations are signed, so a word with the highest bit must be
// negative.
export function behaviorsOf(claims) {
  const { bv } = claims["https://www.kibocommerce.com/user_claims"];
  const numbers = [];
  for (let i = 0; i < bv.length; i += 2) {
    for (let bit = 0; bit < 32; bit++) {
      if ((bv[i + 1] | (1 << bit)) === bv[i + 1]) numbers.push(32 * bv[i] + bit);
    }
  }
  return numbers;
}

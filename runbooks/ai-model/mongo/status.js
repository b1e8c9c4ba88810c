db = connect(process.env.MONGO_URL);
print(EJSON.stringify(rs.status()));

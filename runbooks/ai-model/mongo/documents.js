db = connect(process.env.MONGO_URL);
print(EJSON.stringify(db.getCollection(process.env.COLLECTION).countDocuments({})));
